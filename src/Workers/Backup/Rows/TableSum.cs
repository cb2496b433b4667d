using System.Globalization;

namespace Saga.Workers.Backup.Rows;

/// <summary>What a manifest says about the rows of one table, besides their number.</summary>
internal sealed record TableSum
{
    /// <summary>The checksum of the rows, independent of their order, as 16 hexadecimal digits. Servers of another major version may get another one.</summary>
    public required string Sum { get; init; }

    /// <summary>The columns that are in it, in order.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    public static string Spelled(long sum) => sum.ToString("x16", CultureInfo.InvariantCulture);
}
