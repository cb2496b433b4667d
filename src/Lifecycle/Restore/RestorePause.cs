using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Restore;

/// <summary>How long a restore into shared tables keeps the tenant from its work. A prediction: nobody has counted today's rows.</summary>
/// <param name="KeptRows">The tenant's rows, as its newest backup has counted them.</param>
/// <param name="RestoredRows">The rows of the backup.</param>
/// <param name="ReadOnlySeconds">How long the tenant is read-only.</param>
/// <param name="AwaySeconds">How long it is unavailable after that.</param>
public sealed record RestorePause(long KeptRows, long RestoredRows, long ReadOnlySeconds, long AwaySeconds)
{
    /// <returns>Null when nothing is replaced in shared tables, or the backup does not say how many rows it has.</returns>
    public static RestorePause? Of(ValidRestore input)
    {
        if (input is not { Mode: RestoreMode.Replace, Found: { Tier: IsolationTier.Row, Status: not TenantStatus.Deprovisioned }, Backup: { } backup } || RowsOf(backup) is not { } restored)
            return null;
        var kept = input.Newest is { } newest && RowsOf(newest) is { } counted ? counted : restored;
        // The kept rows are only copied and compared; to replace them, they are deleted too.
        return new(kept, restored, Seconds(kept, input.RowsPerSecond), Seconds(kept, input.RowsPerSecond * 4L) + Seconds(restored, input.RowsPerSecond));
    }

    // At least a second: waiting for transactions and opening take time too.
    private static long Seconds(long rows, long perSecond) => Math.Max(1, (rows + perSecond - 1) / perSecond);

    private static long? RowsOf(Registry.Backups.Backup backup) =>
        BackupManifestRows.Find(backup) is { } part && part.TryGetProperty("counts", out var counts) && counts.ValueKind == JsonValueKind.Object
            ? counts.EnumerateObject().Sum(t => t.Value.GetInt64())
            : null;
}
