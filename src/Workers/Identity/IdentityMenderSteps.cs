using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Identity;

/// <summary>Repairs what scans found of the organisations.</summary>
internal sealed class RepairOrganizationsStep(IdentityMender mender, DriftRepairer repairer) : RepairStep(mender, repairer)
{
    public override string Name => StepNames.RepairOrganizations;
}

/// <summary>Releases one of the organisations from quarantine.</summary>
internal sealed class ReleaseOrganizationsStep(IdentityMender mender, DriftRepairer repairer) : ReleaseStep(mender, repairer)
{
    public override string Name => StepNames.ReleaseOrganizations;
}

/// <summary>Removes one of the organisations whose time in quarantine is over.</summary>
internal sealed class RemoveQuarantinedOrganizationsStep(IdentityMender mender, DriftRepairer repairer) : RemoveQuarantinedStep(mender, repairer)
{
    public override string Name => StepNames.RemoveQuarantinedOrganizations;
}
