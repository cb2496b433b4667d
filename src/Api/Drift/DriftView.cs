using Saga.Registry.Drift;

namespace Saga.Api.Drift;

/// <summary>A difference between the registry and what is outside.</summary>
public sealed record DriftView
{
    public required Guid Id { get; init; }

    /// <summary>What differs: database, role, schema, place, restoredDatabase, spareDatabase, organization, storage, cacheUser, cacheEntries or backup.</summary>
    public required string Resource { get; init; }

    /// <summary>orphan (it is there and should not be), missing or different.</summary>
    public required string Kind { get; init; }

    /// <summary>Its name outside.</summary>
    public required string Name { get; init; }

    /// <summary>The database server it is on.</summary>
    public string? Server { get; init; }

    /// <summary>The tenant it belongs to, as far as the registry knows.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>When it was made, as far as that can be known.</summary>
    public DateTimeOffset? MadeAt { get; init; }

    /// <summary>What is not as it should be; empty for what is missing or should not be there.</summary>
    public required IReadOnlyList<DriftDifferenceView> Differences { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When a scan did not see it any more; absent while it is open.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The operation that repaired it; absent when it ended otherwise, or is open.</summary>
    public Guid? RepairedBy { get; init; }

    /// <summary>The operation of the scan that saw it first.</summary>
    public required Guid FirstScan { get; init; }

    /// <summary>The operation of the scan that saw it last.</summary>
    public required Guid LastScan { get; init; }

    internal static DriftView Of(StoredFinding stored) => new()
    {
        Id = stored.Id,
        Resource = stored.Finding.Key.Resource,
        Kind = stored.Finding.Kind.ToString().ToLowerInvariant(),
        Name = stored.Finding.Key.Name,
        Server = stored.Finding.Key.Server,
        TenantId = stored.Finding.Tenant,
        MadeAt = stored.Finding.MadeAt,
        Differences = [.. stored.Finding.Differences.Select(d => new DriftDifferenceView { Fact = d.Fact, Expected = d.Expected, Found = d.Found })],
        FirstSeenAt = stored.FirstSeenAt,
        LastSeenAt = stored.LastSeenAt,
        EndedAt = stored.EndedAt,
        RepairedBy = stored.RepairedBy,
        FirstScan = stored.FirstScan,
        LastScan = stored.LastScan,
    };
}

/// <summary>One fact that is not as it should be.</summary>
public sealed record DriftDifferenceView
{
    /// <summary>Such as owner, signsIn, memberOf, connections, epoch, mode or enabled; of a backup, the name of a file.</summary>
    public required string Fact { get; init; }

    /// <summary>As the registry says; absent when it must not be.</summary>
    public string? Expected { get; init; }

    /// <summary>As it is outside; absent when it is not there.</summary>
    public string? Found { get; init; }
}
