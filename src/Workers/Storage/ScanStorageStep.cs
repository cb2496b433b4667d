using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Storage;

/// <summary>Compares the object store with the registry.</summary>
internal sealed class ScanStorageStep(StorageInventory inventory, DriftScanner scanner) : ScanStep(inventory, scanner)
{
    public override string Name => StepNames.ScanStorage;
}
