namespace Saga.Workers.Backup.Rows;

/// <summary>Heads the rows of one table.</summary>
internal sealed record CopiedTable
{
    public required string Table { get; init; }

    /// <summary>The columns of each row, in order. Generated ones are not among them.</summary>
    public required IReadOnlyList<string> Columns { get; init; }
}
