using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Database.Inventory;

/// <summary>Repairs what scans found of the databases, schemas, roles and places.</summary>
internal sealed class RepairDatabasesStep(DatabaseRepair repair, DriftRepairer repairer) : RepairStep(repair, repairer)
{
    public override string Name => StepNames.RepairDatabases;
}

/// <summary>Releases one of the databases, schemas, roles and places from quarantine.</summary>
internal sealed class ReleaseDatabasesStep(DatabaseRepair repair, DriftRepairer repairer) : ReleaseStep(repair, repairer)
{
    public override string Name => StepNames.ReleaseDatabases;
}

/// <summary>Removes one of the databases, schemas, roles and places whose time in quarantine is over.</summary>
internal sealed class RemoveQuarantinedDatabasesStep(DatabaseRepair repair, DriftRepairer repairer) : RemoveQuarantinedStep(repair, repairer)
{
    public override string Name => StepNames.RemoveQuarantinedDatabases;
}
