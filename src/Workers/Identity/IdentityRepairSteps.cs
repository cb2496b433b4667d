using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Identity;

/// <summary>Repairs what scans found of the organisations.</summary>
internal sealed class RepairOrganizationsStep(IdentityRepair repair, DriftRepairer repairer) : RepairStep(repair, repairer)
{
    public override string Name => StepNames.RepairOrganizations;
}

/// <summary>Releases one of the organisations from quarantine.</summary>
internal sealed class ReleaseOrganizationsStep(IdentityRepair repair, DriftRepairer repairer) : ReleaseStep(repair, repairer)
{
    public override string Name => StepNames.ReleaseOrganizations;
}

/// <summary>Removes one of the organisations whose time in quarantine is over.</summary>
internal sealed class RemoveQuarantinedOrganizationsStep(IdentityRepair repair, DriftRepairer repairer) : RemoveQuarantinedStep(repair, repairer)
{
    public override string Name => StepNames.RemoveQuarantinedOrganizations;
}
