namespace Saga.Registry.Backups;

/// <summary>The key of one backup, as it is stored.</summary>
/// <param name="BackupId">The backup.</param>
/// <param name="Wrapped">The key, wrapped by <paramref name="Wrapping"/>.</param>
/// <param name="Wrapping">The version of the tenant's backup key.</param>
public sealed record DataKeyRow(Guid BackupId, byte[] Wrapped, BackupKeyRow Wrapping);
