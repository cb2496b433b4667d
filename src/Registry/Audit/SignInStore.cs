using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;

namespace Saga.Registry.Audit;

/// <summary>A sign-in at the directory, or a failed one.</summary>
public sealed record SignIn
{
    /// <summary>The directory's id of the event.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The user's id, as in the subject of tokens; null when the directory does not know the user.</summary>
    public string? User { get; init; }

    /// <summary>From where, as in the audit log.</summary>
    public required string Origin { get; init; }

    /// <summary>The directory's code of the failure; null for a sign-in.</summary>
    public string? Error { get; init; }
}

/// <summary>Writes sign-ins of one of the directory's clients to the audit log, each once, however many processes read them. Thread-safe.</summary>
public sealed class SignInStore(NpgsqlDataSource registry, RegistryClock clock)
{
    // The directory may show an event later than one that is younger.
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>From when on sign-ins are still to be read.</summary>
    public async Task<DateTimeOffset> SinceAsync(string client, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select coalesce((select max(at) from directory_sign_ins where client = $1), now() + $2) - $3");
        Add(find, client);
        Add(find, clock.Offset);
        Add(find, Overlap);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetFieldValue<DateTimeOffset>(0);
    }

    /// <summary>Writes those that were not written before. Failed ones of one user, address and cause within a minute share a line.</summary>
    /// <returns>How many were new.</returns>
    public async Task<int> WriteAsync(string client, IReadOnlyList<SignIn> seen, CancellationToken cancellationToken)
    {
        if (seen.Count == 0)
            return 0;
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var added = await AddAsync(transaction, client, seen, cancellationToken);
        var lines = seen.Where(s => added.Contains(s.Id)).GroupBy(s => (s.User, s.Origin, s.Error, Of: s.Error is null ? s.Id : Minute(s.At))).Select(g => g.ToList()).ToList();
        await using (var write = new NpgsqlCommand(
            $"""
            insert into audit (actor, action, origin, reason, outcome, detail)
            select actor, '{AuditActions.UserAuthenticate}', origin, reason, case when reason is null then 'allowed' else 'refused' end, detail
            from unnest($1, $2, $3, $4) with ordinality as s (actor, origin, reason, detail, number) order by number
            """, connection, transaction))
        {
            AddArray(write, NpgsqlDbType.Text, lines.Select(l => l[0].User ?? RefusedRequests.Unknown));
            AddArray(write, NpgsqlDbType.Text, lines.Select(l => l[0].Origin));
            AddArray(write, NpgsqlDbType.Text, lines.Select(l => l[0].Error));
            AddArray(write, NpgsqlDbType.Jsonb, lines.Select(l => JsonSerializer.Serialize(new { client, firstAt = l.Min(s => s.At), lastAt = l.Max(s => s.At), times = l.Count }, Json.Options)));
            await write.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var forget = new NpgsqlCommand(
            "delete from directory_sign_ins where client = $1 and at < (select max(at) from directory_sign_ins where client = $1) - $2", connection, transaction))
        {
            Add(forget, client);
            Add(forget, Kept);
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return added.Count;
    }

    // In the order of their ids, so that processes that read the same ones wait for each other.
    private static async Task<HashSet<string>> AddAsync(NpgsqlTransaction transaction, string client, IReadOnlyList<SignIn> seen, CancellationToken cancellationToken)
    {
        await using var add = new NpgsqlCommand(
            """
            insert into directory_sign_ins (client, id, at) select $1, id, at from unnest($2, $3) as s (id, at) order by id
            on conflict do nothing returning id
            """, transaction.Connection, transaction);
        Add(add, client);
        AddArray(add, NpgsqlDbType.Text, seen.Select(s => s.Id));
        AddArray(add, NpgsqlDbType.TimestampTz, seen.Select(s => s.At.ToUniversalTime()));
        var added = new HashSet<string>(StringComparer.Ordinal);
        await using var row = await add.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            added.Add(row.GetString(0));
        return added;
    }

    private static string Minute(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture);

    private static void Add<T>(NpgsqlCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static void AddArray<T>(NpgsqlCommand command, NpgsqlDbType type, IEnumerable<T> values) =>
        command.Parameters.Add(new NpgsqlParameter { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
}
