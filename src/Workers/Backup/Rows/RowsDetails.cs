namespace Saga.Workers.Backup.Rows;

/// <summary>What a manifest says about the rows.</summary>
internal sealed record RowsDetails
{
    /// <summary>The schema that the tables were in.</summary>
    public required string Schema { get; init; }

    /// <summary>The version of the product's schema.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>The version of the PostgreSQL server.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>The version of pg_dump; absent where it did not run.</summary>
    public string? DumpVersion { get; init; }

    /// <summary>The checksums of the rows of each table; absent in backups from before there were any.</summary>
    public IReadOnlyDictionary<string, TableSum>? Sums { get; init; }
}
