using Saga.Contracts.Steps;
using Saga.Workers.Drift;

namespace Saga.Workers.Identity;

/// <summary>Compares the directory with the registry.</summary>
internal sealed class ScanOrganizationsStep(IdentityInventory inventory, DriftScanner scanner) : ScanStep(inventory, scanner)
{
    public override string Name => StepNames.ScanOrganizations;
}
