using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Registry.Drift;

namespace Saga.Workers.Drift;

/// <summary>What one worker's resources have outside, and what the registry says of it. It only reads. Thread-safe.</summary>
internal interface IInventory
{
    /// <summary>What it lists, some of <see cref="DriftResources"/>. No other inventory lists the same.</summary>
    IReadOnlyList<string> Resources { get; }

    /// <summary>
    /// Lists what is outside, page by page, with a bounded number of concurrent calls. It may tell things twice, and things of others, which are told by
    /// the id that they bear. A system that fails as a whole throws; one server or database of several is a page with a failure.
    /// </summary>
    IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, CancellationToken cancellationToken);

    /// <summary>What the registry says must be there. Read after the outside was listed.</summary>
    Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken);

    /// <summary>Looks for one thing that the pages did not show. A list that changes while it is read may pass over some.</summary>
    /// <returns>Null when it is not there, or when the pages were exact.</returns>
    Task<FoundThing?> FindAsync(ExpectedThing missing, InventoryScope scope, CancellationToken cancellationToken) => Task.FromResult<FoundThing?>(null);
}

/// <summary>What to list.</summary>
/// <param name="Installation">This installation, for things that bear its id because nobody else's are there.</param>
/// <param name="Tenants">Only things of these tenants are asked for; null for everything. More may be listed.</param>
internal sealed record InventoryScope(Guid Installation, IReadOnlyList<Guid>? Tenants);

/// <summary>Some of the things, or the failure of a server or a database.</summary>
/// <param name="Things">The things.</param>
internal sealed record InventoryPage(IReadOnlyList<FoundThing> Things)
{
    /// <summary>The server that could not be listed to the end; null when nothing failed.</summary>
    public string? Server { get; init; }

    /// <summary>The database that could not be listed to the end; null for the whole server.</summary>
    public string? Database { get; init; }

    /// <summary>Why.</summary>
    public Failure? Failure { get; init; }
}
