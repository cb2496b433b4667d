using Saga.Registry.Batches;

namespace Saga.Tests.Support.InMemory;

/// <summary>A row of <c>batches</c>.</summary>
internal sealed class BatchRow(Batch batch)
{
    /// <summary>Without its counts.</summary>
    public Batch Batch { get; set; } = batch;

    /// <summary>In the order of their numbers.</summary>
    public List<BatchItemRow> Items { get; } = [];

    public DateTimeOffset? NextItemAt { get; set; }

    public bool Closed { get; set; }

    public Guid? Claim { get; set; }

    public DateTimeOffset? ClaimedUntil { get; set; }

    public Batch Read() => Batch with { Counts = Items.CountBy(i => i.Item.State).ToDictionary() };
}

/// <summary>A row of <c>batch_items</c>.</summary>
internal sealed class BatchItemRow(BatchItem item)
{
    public BatchItem Item { get; set; } = item;

    /// <summary>Whether its operation ends undone if the item succeeds.</summary>
    public bool ExpectsUndone { get; init; }

    /// <summary>The number of the history line of the order.</summary>
    public int? OrderedAt { get; set; }
}
