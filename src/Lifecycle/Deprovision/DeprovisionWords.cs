using System.Globalization;

namespace Saga.Lifecycle.Deprovision;

/// <summary>What a deprovisioning would do, in words.</summary>
public static class DeprovisionWords
{
    public static IReadOnlyList<string> Of(ValidDeprovision input)
    {
        var words = new List<string> { "The tenant is closed at once: its sessions end and nobody can use it." };
        words.Add(input.GraceDays == 0
            ? "Everything of it is removed right afterwards. Nothing can be taken back."
            : string.Create(CultureInfo.InvariantCulture, $"Everything of it is removed after {input.GraceDays} days. Until then, deprovision/cancel opens it again as it was."));
        words.Add(input.Backup
            ? "Right before the removal a final backup is made, with the contents of objects. Without it nothing is removed."
            : "No final backup is made. Backups that exist stay until the time that the certificate names.");
        words.Add("Removed are its organisation, the users that were made for it and belong nowhere else, its rows, database or schema with its roles, its objects with all versions, its cache, and last its key.");
        words.Add("Its names stay reserved for a while. The deletion certificate remains readable.");
        return words;
    }
}
