using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Cache;

/// <summary>Repairs what scans found of the users of the cache.</summary>
internal sealed class RepairCacheStep(CacheRepair repair, DriftRepairer repairer) : RepairStep(repair, repairer)
{
    public override string Name => StepNames.RepairCache;
}

/// <summary>Releases one of the users of the cache from quarantine.</summary>
internal sealed class ReleaseCacheStep(CacheRepair repair, DriftRepairer repairer) : ReleaseStep(repair, repairer)
{
    public override string Name => StepNames.ReleaseCache;
}

/// <summary>Removes one of the users of the cache whose time in quarantine is over.</summary>
internal sealed class RemoveQuarantinedCacheStep(CacheRepair repair, DriftRepairer repairer) : RemoveQuarantinedStep(repair, repairer)
{
    public override string Name => StepNames.RemoveQuarantinedCache;
}
