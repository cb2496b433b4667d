using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Cache;

/// <summary>Repairs what scans found of the users of the cache.</summary>
internal sealed class RepairCacheStep(CacheMender mender, DriftRepairer repairer) : RepairStep(mender, repairer)
{
    public override string Name => StepNames.RepairCache;
}

/// <summary>Releases one of the users of the cache from quarantine.</summary>
internal sealed class ReleaseCacheStep(CacheMender mender, DriftRepairer repairer) : ReleaseStep(mender, repairer)
{
    public override string Name => StepNames.ReleaseCache;
}

/// <summary>Removes one of the users of the cache whose time in quarantine is over.</summary>
internal sealed class RemoveQuarantinedCacheStep(CacheMender mender, DriftRepairer repairer) : RemoveQuarantinedStep(mender, repairer)
{
    public override string Name => StepNames.RemoveQuarantinedCache;
}
