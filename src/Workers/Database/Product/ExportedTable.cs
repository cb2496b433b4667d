namespace Saga.Workers.Database.Product;

/// <summary>What exports have of one table.</summary>
internal sealed record ExportedTable
{
    /// <summary>users, documents, settings, audit_logs, or none to leave it out; chosen by the table's name when null.</summary>
    public string? DataType { get; init; }

    /// <summary>The column with the id of the user whom a row concerns; one of the usual names when null.</summary>
    public string? UserColumn { get; init; }
}
