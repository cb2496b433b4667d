using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;

namespace Saga.Registry.Audit;

/// <summary>Requests of one caller that were refused alike within a minute.</summary>
public sealed record RefusedRequests
{
    /// <summary>The caller as in the audit log, or <see cref="Unknown"/>.</summary>
    public required string Actor { get; init; }

    public required string Origin { get; init; }

    /// <summary>The method and the route, such as <c>POST /api/v1/tenants/{idOrSlug}/suspend</c>. Null where several are counted together.</summary>
    public string? Endpoint { get; init; }

    public required int Status { get; init; }

    /// <summary>The code of the problem; null where several are counted together.</summary>
    public string? Code { get; init; }

    /// <summary>Why, in fixed words; never anything from the token.</summary>
    public string? Reason { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    public required long Times { get; init; }

    /// <summary>The actor of requests whose sender is not known.</summary>
    public const string Unknown = "anonymous";

    /// <summary>The actor where the requests of many callers are counted together.</summary>
    public const string Several = "several";
}

/// <summary>Writes refused requests to the audit log. Only the Api's login may. Thread-safe.</summary>
public sealed class RefusalStore(NpgsqlDataSource registry)
{
    /// <summary>Writes a line for each, all or none.</summary>
    public async Task WriteAsync(IReadOnlyList<RefusedRequests> refused, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand(
            $"""
            insert into audit (actor, action, origin, reason, outcome, occurrences, detail)
            select actor, '{AuditActions.RequestRefuse}', origin, reason, 'refused', times, detail from unnest($1, $2, $3, $4, $5) as r (actor, origin, reason, times, detail)
            """);
        Add(NpgsqlDbType.Text, refused.Select(r => r.Actor).ToArray());
        Add(NpgsqlDbType.Text, refused.Select(r => r.Origin).ToArray());
        Add(NpgsqlDbType.Text, refused.Select(r => r.Reason).ToArray());
        Add(NpgsqlDbType.Bigint, refused.Select(r => r.Times).ToArray());
        Add(NpgsqlDbType.Jsonb, refused.Select(r => JsonSerializer.Serialize(new { r.Endpoint, r.Status, r.Code, r.FirstAt, r.LastAt }, Json.Options)).ToArray());
        await write.ExecuteNonQueryAsync(cancellationToken);

        void Add<T>(NpgsqlDbType type, T[] values) => write.Parameters.Add(new NpgsqlParameter { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
