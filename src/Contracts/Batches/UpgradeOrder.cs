namespace Saga.Contracts.Batches;

/// <summary>What a batch of upgrades orders for each place.</summary>
/// <param name="TargetVersion">The version of the product's tables.</param>
/// <param name="BackupFirst">Whether the tenant is backed up before.</param>
public sealed record UpgradeOrder(int TargetVersion, bool BackupFirst);
