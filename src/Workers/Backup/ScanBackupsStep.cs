using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Backup;

/// <summary>Compares the store of backups with the registry.</summary>
internal sealed class ScanBackupsStep(BackupInventory inventory, DriftScanner scanner) : ScanStep(inventory, scanner)
{
    public override string Name => StepNames.ScanBackups;
}
