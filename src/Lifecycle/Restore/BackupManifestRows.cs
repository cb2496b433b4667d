using System.Text.Json;

namespace Saga.Lifecycle.Restore;

/// <summary>Finds what a backup's manifest says about its rows.</summary>
internal static class BackupManifestRows
{
    /// <returns>The manifest's part with the rows; null when there is none.</returns>
    public static JsonElement? Find(Registry.Backups.Backup backup)
    {
        if (backup.Manifest?.Content is not { ValueKind: JsonValueKind.Object } manifest || !manifest.TryGetProperty("parts", out var parts))
            return null;
        foreach (var part in parts.EnumerateArray())
        {
            if (part.TryGetProperty("name", out var name) && name.ValueEquals("rows"))
                return part;
        }

        return null;
    }

    /// <summary>Whether it has checksums of the rows. Those of earlier versions have none.</summary>
    public static bool HasSums(Registry.Backups.Backup backup) =>
        Find(backup) is { } part && part.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object && details.TryGetProperty("sums", out _);
}
