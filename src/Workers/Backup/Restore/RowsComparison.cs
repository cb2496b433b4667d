using System.Globalization;
using Saga.Workers.Backup.Rows;

namespace Saga.Workers.Backup.Restore;

/// <summary>What of the restored rows is compared with the backup besides their number. Pure.</summary>
/// <param name="Sums">The checksums that are compared, by table.</param>
/// <param name="Words">What is compared, for people.</param>
internal sealed record RowsComparison(IReadOnlyDictionary<string, TableSum> Sums, string Words)
{
    private static readonly Dictionary<string, TableSum> None = [];

    /// <param name="rows">What the manifest says about the rows.</param>
    /// <param name="server">The version of the server with the restored rows.</param>
    public static RowsComparison Of(RowsDetails rows, Version server)
    {
        if (rows.Sums is not { } sums)
            return new(None, "The number of rows of each table. The backup has no checksums of its rows, because it was made by an earlier version.");
        // Another major version may compute other hashes.
        return Version.Parse(rows.ServerVersion).Major is var major && major == server.Major
            ? new(sums, "The number and the checksum of the rows of each table.")
            : new(None, string.Create(CultureInfo.InvariantCulture,
                $"The number of rows of each table. Checksums were not compared, because the backup is from PostgreSQL {major} and the server is PostgreSQL {server.Major}."));
    }
}
