using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>Repairs what one worker's inventory lists. Thread-safe.</summary>
internal interface IResourceRepair
{
    IInventory Inventory { get; }

    /// <inheritdoc cref="IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>Opens what one thing is looked at and changed with.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="key">The thing, under its first name.</param>
    /// <param name="owner">Its tenant, as far as it is known; else the id that it bears. Null for a thing that has neither.</param>
    /// <param name="installation">This installation.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    Task<IRepairSession> OpenAsync(StepContext context, DriftKey key, Guid? owner, Guid installation, CancellationToken cancellationToken);
}

/// <summary>Work on one thing. What changes something may be repeated, and accepts what an earlier attempt has done. For a single use.</summary>
internal interface IRepairSession : IAsyncDisposable
{
    /// <summary>The thing as the inventory describes it, seen by the session that would change it; null when it is not there.</summary>
    Task<FoundThing?> LookAsync(CancellationToken cancellationToken);

    /// <summary>Makes again what is missing, or sets back what differs. What it cannot do is a permanent failure that says why.</summary>
    Task SetRightAsync(DriftFinding finding, CancellationToken cancellationToken);

    /// <summary>Why a thing that is an orphan cannot be quarantined; null when it can.</summary>
    string? WhyNot(FoundThing found);

    /// <summary>The name that it gets in quarantine; its own if it cannot be renamed.</summary>
    string Rename(Guid quarantine);

    /// <summary>What a release must know.</summary>
    Task<IReadOnlyDictionary<string, string>> StateAsync(CancellationToken cancellationToken);

    /// <summary>Renames and bars it.</summary>
    /// <returns>False when it is under neither of its names any more.</returns>
    Task<bool> BarAsync(QuarantinedThing thing, CancellationToken cancellationToken);

    /// <summary>Puts it back as it was, however far <see cref="BarAsync"/> came. Does nothing when it is gone.</summary>
    Task ReleaseAsync(QuarantinedThing thing, CancellationToken cancellationToken);

    /// <summary>Whether it is renamed and barred as <see cref="BarAsync"/> leaves it; null when it is gone.</summary>
    Task<bool?> IsBarredAsync(QuarantinedThing thing, CancellationToken cancellationToken);

    /// <summary>Removes it.</summary>
    /// <returns>Why it cannot be removed; null when it is gone.</returns>
    Task<string?> RemoveAsync(QuarantinedThing thing, CancellationToken cancellationToken);
}
