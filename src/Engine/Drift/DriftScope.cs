namespace Saga.Engine.Drift;

/// <summary>What a comparison covers, and what it must leave alone.</summary>
public sealed record DriftScope
{
    /// <summary>This installation.</summary>
    public required Guid Installation { get; init; }

    /// <summary>The registry's time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What was made or changed less than this ago is left alone: an operation may have just made it.</summary>
    public required TimeSpan Grace { get; init; }

    /// <summary>Owners that the registry knows, also those that are gone, with their tenants; null for one that belongs to no tenant.</summary>
    public required IReadOnlyDictionary<Guid, Guid?> Known { get; init; }

    /// <summary>Tenants of which an operation is under way, or was while the outside was listed.</summary>
    public required IReadOnlySet<Guid> BusyTenants { get; init; }

    /// <summary>Database servers that an operation keeps for itself.</summary>
    public required IReadOnlySet<string> BusyServers { get; init; }

    /// <summary>Only things of these tenants; null for everything.</summary>
    public IReadOnlySet<Guid>? Tenants { get; init; }

    /// <summary>Database servers that could not be listed to the end.</summary>
    public IReadOnlySet<string> UnreadServers { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>What is in quarantine, under the names that it has there. It is no orphan.</summary>
    public IReadOnlySet<DriftKey> Quarantined { get; init; } = new HashSet<DriftKey>();

    internal bool Includes(Guid? tenant) => Tenants is null || tenant is { } id && Tenants.Contains(id);

    /// <summary>Databases that could not be listed to the end, of servers that could.</summary>
    public IReadOnlyCollection<(string Server, string Database)> UnreadDatabases { get; init; } = [];

    internal bool IsRead(DriftKey key) =>
        key.Server is null || !UnreadServers.Contains(key.Server) && !UnreadDatabases.Any(u => u.Server == key.Server && DriftResources.IsInside(key, u.Database));

    internal bool IsBusy(Guid? tenant, string? server) =>
        tenant is { } id && BusyTenants.Contains(id) || server is not null && BusyServers.Contains(server);

    internal bool IsYoung(DateTimeOffset? at) => at > Now - Grace;
}
