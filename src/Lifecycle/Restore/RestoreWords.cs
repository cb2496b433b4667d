using System.Globalization;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Restore;

/// <summary>What a restore would do, in words.</summary>
public static class RestoreWords
{
    public static IReadOnlyList<string> Of(ValidRestore input) => input.Backup is not { Bytes: { } bytes } backup ? [] :
    [
        string.Create(CultureInfo.InvariantCulture, $"Every file of the backup is read and its checksum compared first: {bytes} bytes."),
        string.Create(CultureInfo.InvariantCulture, $"The rows are as they were at {backup.SnapshotAt:yyyy-MM-ddTHH:mm:ssZ}. The version of the product's schema changes from {backup.SchemaVersion} to the newest."),
        BackupManifestRows.HasSums(backup)
            ? "The number and the checksum of the rows of each table are compared with the backup."
            : "Only the number of rows of each table is compared with the backup, which has no checksums of its rows.",
        "They get a database of their own on the tenant's server, to which only administrators may connect.",
        .. input.Found?.Status == TenantStatus.Deprovisioned ? Revived(backup) : input.Mode != RestoreMode.Replace ? ["It is removed by a scheduled command.", "What the tenant uses now stays as it is."]
            : input.Found?.Tier == IsolationTier.Row ? Shared(input) : OwnPlace,
        .. input.Found?.Status == TenantStatus.Deprovisioned ? Array.Empty<string>() : ["Settings and objects are not restored."],
    ];

    private static string[] Revived(Registry.Backups.Backup backup) =>
    [
        "The tenant comes back with its id, names and plan. It gets a new place, organisation, administrator, cache user, credentials and sealing key, and its settings and features from the backup.",
        "What was sealed with the destroyed key is lost: the step tenant.revive lists it. Values that the plan generates are generated again.",
        backup.IncludesObjects ? "Its objects are restored." : "Its objects are lost, because the backup has their list only.",
        "Holds, members of the organisation other than the administrator, and a read replica do not come back. Domains must be claimed and proved again.",
        "If a step fails before the tenant is active, all of it is removed, and the tenant is deprovisioned as before.",
    ];

    private static readonly string[] OwnPlace =
    [
        "From there they are copied to a new place, compared, and tried with the tenant's new login, while the tenant works on.",
        "Then the tenant is unavailable while it is routed to the new place, for seconds, however many rows it has. What it wrote since the backup is in the place that it leaves.",
        "That place is kept for Saga:Moves:KeepHours of the workers, and then removed with its rows. Until then migrate/revert returns to it if nothing was written since.",
    ];

    private static string[] Shared(ValidRestore input) =>
    [
        "Up to then the tenant works on. Then its rows in the shared tables are replaced, in a pause that grows with them.",
        RestorePause.Of(input) is { } pause
            ? string.Create(CultureInfo.InvariantCulture,
                $"The tenant is read-only for about {pause.ReadOnlySeconds} s while its {pause.KeptRows} rows are copied to a schema of their own, and then unavailable for about {pause.AwaySeconds} s while {pause.RestoredRows} rows replace them (at {input.RowsPerSecond} rows a second, and as many rows as in its newest backup).")
            : "The tenant is read-only while its rows are copied to a schema of their own, and then unavailable while the restored rows replace them. How long is not known, because the backup does not say how many rows it has.",
        "That schema is kept for Saga:Moves:KeepHours of the workers, and then removed with its rows. Until then migrate/revert puts them back, in such a pause again, if nothing was written since.",
    ];
}
