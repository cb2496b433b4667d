using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Cache;

/// <summary>Compares the cache with the registry.</summary>
internal sealed class ScanCacheStep(CacheInventory inventory, DriftScanner scanner) : ScanStep(inventory, scanner)
{
    public override string Name => StepNames.ScanCache;
}
