using Saga.Registry.Exports;
using Saga.Workers.Runtime;

namespace Saga.Workers.Exports;

/// <summary>An export that is being written: the archive, and what it has so far. For one user at a time.</summary>
internal sealed class ExportDraft(StepContext context, BegunExport export, ExportArchive archive)
{
    public StepContext Context => context;

    public BegunExport Export => export;

    public ExportArchive Archive => archive;

    public List<ExportedFile> Files { get; } = [];

    public List<LeftOut> LeftOut { get; } = [];

    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset? SnapshotAt { get; set; }

    public int? SchemaVersion { get; set; }

    public bool Has(string dataType) => export.DataTypes.Contains(dataType, StringComparer.Ordinal);

    /// <summary>Writes a file of records.</summary>
    /// <param name="path">Without the ending.</param>
    /// <param name="dataType">What it is part of.</param>
    /// <param name="description">What it has, in words.</param>
    /// <param name="fields">The fields of each record.</param>
    /// <param name="write">Writes the records.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public async Task AddRecordsAsync(
        string path, string dataType, string description, IReadOnlyList<ExportedField> fields, Func<RecordWriter, Task> write, CancellationToken cancellationToken)
    {
        var count = 0L;
        var name = $"{path}.{export.Format}";
        await archive.AddAsync(
            name,
            async content =>
            {
                var records = new RecordWriter(content, export.Format, [.. fields.Select(f => f.Name)]);
                await write(records);
                await records.CompleteAsync(cancellationToken);
                count = records.Count;
            },
            cancellationToken);
        Add(name, dataType, description, fields, count);
    }

    /// <summary>Notes a file that was written.</summary>
    public void Add(string path, string dataType, string description, IReadOnlyList<ExportedField> fields, long records)
    {
        Files.Add(new() { Path = path, DataType = dataType, Description = description, Records = records, Fields = fields });
        Counts[System.IO.Path.ChangeExtension(path, null)] = records;
    }
}
