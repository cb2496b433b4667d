using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Database.Inventory;

/// <summary>Compares database servers with the registry.</summary>
internal sealed class ScanDatabasesStep(DatabaseInventory inventory, DriftScanner scanner) : ScanStep(inventory, scanner)
{
    public override string Name => StepNames.ScanDatabases;
}
