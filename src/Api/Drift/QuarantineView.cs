using Saga.Registry.Drift;

namespace Saga.Api.Drift;

/// <summary>Something that was quarantined.</summary>
public sealed record QuarantineView
{
    public required Guid Id { get; init; }

    /// <summary>quarantining, quarantined, releasing, released, removing, removed, or left (it was not removed; words say why).</summary>
    public required string State { get; init; }

    /// <summary>What it is: database, role, schema, restoredDatabase, organization or cacheUser.</summary>
    public required string Resource { get; init; }

    /// <summary>Its name before.</summary>
    public required string Name { get; init; }

    /// <summary>Its name meanwhile; the same for what cannot be renamed.</summary>
    public required string Renamed { get; init; }

    /// <summary>The database server it is on.</summary>
    public string? Server { get; init; }

    /// <summary>The tenant it belongs to, as far as the registry knows.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>The finding that was repaired.</summary>
    public required Guid Finding { get; init; }

    /// <summary>The operation of the repair.</summary>
    public required Guid Operation { get; init; }

    /// <summary>Why it was quarantined.</summary>
    public required string Reason { get; init; }

    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>Since when it is renamed and barred.</summary>
    public DateTimeOffset? QuarantinedAt { get; init; }

    /// <summary>When it is removed.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The scheduled command that removes it.</summary>
    public Guid? Removal { get; init; }

    /// <summary>When it was released, removed, or left.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it was left where it is.</summary>
    public string? Words { get; init; }

    internal static QuarantineView Of(QuarantinedThing thing) => new()
    {
        Id = thing.Id,
        State = thing.State.ToString().ToLowerInvariant(),
        Resource = thing.Key.Resource,
        Name = thing.Key.Name,
        Renamed = thing.Renamed,
        Server = thing.Key.Server,
        TenantId = thing.Tenant,
        Finding = thing.Finding,
        Operation = thing.Operation,
        Reason = thing.Reason,
        BegunAt = thing.BegunAt,
        QuarantinedAt = thing.QuarantinedAt,
        Until = thing.Until,
        Removal = thing.Removal,
        EndedAt = thing.EndedAt,
        Words = thing.Words,
    };
}
