using System.Globalization;

namespace Saga.Lifecycle.Restore;

/// <summary>What a restore would do, in words.</summary>
public static class RestoreWords
{
    public static IReadOnlyList<string> Of(ValidRestore input) => input.Found is not { Bytes: { } bytes } backup ? [] :
    [
        string.Create(CultureInfo.InvariantCulture, $"Every file of the backup is read and its checksum compared first: {bytes} bytes."),
        string.Create(CultureInfo.InvariantCulture, $"The rows are as they were at {backup.SnapshotAt:yyyy-MM-ddTHH:mm:ssZ}. The version of the product's schema changes from {backup.SchemaVersion} to the newest."),
        "They get a database of their own on the tenant's server, to which only administrators may connect. It is removed by a scheduled command.",
        "What the tenant uses now stays as it is. Settings and objects are not restored.",
    ];
}
