using System.Text.Json.Serialization;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;

namespace Saga.Api.Servers;

/// <summary>A database server.</summary>
public sealed record ServerView
{
    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary>The isolation tiers that tenants may have on it.</summary>
    public required IReadOnlyList<IsolationTier> Tiers { get; init; }

    /// <summary>The names of its read replicas, on which tenants may be read.</summary>
    public required IReadOnlyList<string> Replicas { get; init; }

    /// <summary>Whether it takes further tenants.</summary>
    public required bool Accepting { get; init; }

    public required ServerCapacityView Capacity { get; init; }

    public required ServerUseView Used { get; init; }

    public required ServerHealthView Health { get; init; }

    public static ServerView Of(ServerFacts server) => new()
    {
        Name = server.Name,
        Region = server.Region,
        Tiers = Enum.GetValues<IsolationTier>(),
        Replicas = server.Replicas,
        Accepting = server.Accepting,
        Capacity = new() { Tenants = server.MaxTenants, SchemasPerDatabase = server.MaxSchemasPerDatabase },
        Used = new()
        {
            Tenants = server.Placed,
            Row = server.ByTier.GetValueOrDefault(IsolationTier.Row),
            Schema = server.ByTier.GetValueOrDefault(IsolationTier.Schema),
            Database = server.ByTier.GetValueOrDefault(IsolationTier.Database),
            Kept = server.Kept,
        },
        Health = new()
        {
            State = !server.IsFresh ? ServerHealthState.Unknown : server.Failure is null ? ServerHealthState.Healthy : ServerHealthState.Unavailable,
            CheckedAt = server.CheckedAt,
            Detail = server.Failure,
            PostgreSql = server.Version,
        },
    };
}

/// <summary>What a server may hold.</summary>
public sealed record ServerCapacityView
{
    /// <summary>Tenants of any tier, kept copies included.</summary>
    public required int Tenants { get; init; }

    /// <summary>Tenants of the tier schema in one shared database. Another database is begun when all are full.</summary>
    public required int SchemasPerDatabase { get; init; }
}

/// <summary>What a server holds.</summary>
public sealed record ServerUseView
{
    /// <summary>All that count against the capacity.</summary>
    public required int Tenants { get; init; }

    /// <summary>Of the tier row.</summary>
    public required int Row { get; init; }

    /// <summary>Of the tier schema.</summary>
    public required int Schema { get; init; }

    /// <summary>Of the tier database.</summary>
    public required int Database { get; init; }

    /// <summary>Copies among them that are only kept, after a move.</summary>
    public required int Kept { get; init; }
}

/// <summary>What workers saw of a server.</summary>
public sealed record ServerHealthView
{
    public required ServerHealthState State { get; init; }

    /// <summary>When a worker last looked; absent when none has.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Why that worker could not use it; absent when it could.</summary>
    public string? Detail { get; init; }

    /// <summary>PostgreSQL's version, as far as it is known.</summary>
    public string? PostgreSql { get; init; }
}

/// <summary>Whether a server can be used.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ServerHealthState>))]
public enum ServerHealthState
{
    [JsonStringEnumMemberName("healthy")] Healthy,

    /// <summary>The last worker that looked could not use it.</summary>
    [JsonStringEnumMemberName("unavailable")] Unavailable,

    /// <summary>No worker has looked for five minutes.</summary>
    [JsonStringEnumMemberName("unknown")] Unknown,
}
