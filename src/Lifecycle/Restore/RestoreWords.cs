using System.Globalization;
using System.Text.Json;

namespace Saga.Lifecycle.Restore;

/// <summary>What a restore would do, in words.</summary>
public static class RestoreWords
{
    public static IReadOnlyList<string> Of(ValidRestore input) => input.Found is not { Bytes: { } bytes } backup ? [] :
    [
        string.Create(CultureInfo.InvariantCulture, $"Every file of the backup is read and its checksum compared first: {bytes} bytes."),
        string.Create(CultureInfo.InvariantCulture, $"The rows are as they were at {backup.SnapshotAt:yyyy-MM-ddTHH:mm:ssZ}. The version of the product's schema changes from {backup.SchemaVersion} to the newest."),
        HasSums(backup)
            ? "The number and the checksum of the rows of each table are compared with the backup."
            : "Only the number of rows of each table is compared with the backup, which has no checksums of its rows.",
        "They get a database of their own on the tenant's server, to which only administrators may connect.",
        .. input.Mode == RestoreMode.Replace
            ? (string[])
            [
                "From there they are copied to a new place, compared, and tried with the tenant's new login, while the tenant works on.",
                "Then the tenant is unavailable while it is routed to the new place, for seconds, however many rows it has. What it wrote since the backup is in the place that it leaves.",
                "That place is kept for Saga:Moves:KeepHours of the workers, and then removed with its rows. Until then migrate/revert returns to it if nothing was written since.",
            ]
            : ["It is removed by a scheduled command.", "What the tenant uses now stays as it is."],
        "Settings and objects are not restored.",
    ];

    // Manifests of earlier versions have none.
    private static bool HasSums(Registry.Backups.Backup backup) =>
        backup.Manifest?.Content is { ValueKind: JsonValueKind.Object } manifest && manifest.TryGetProperty("parts", out var parts)
        && parts.EnumerateArray().Any(p => p.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object && details.TryGetProperty("sums", out _));
}
