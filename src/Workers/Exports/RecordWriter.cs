using System.Globalization;
using System.Text;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Exports;

/// <summary>Writes records one after the other: a JSON array with a line for each, or CSV with a header (RFC 4180). Keeps one record in memory.</summary>
internal sealed class RecordWriter(Stream target, string format, IReadOnlyList<string> fields)
{
    public bool IsCsv { get; } = format == ExportManifest.Csv;

    public long Count { get; private set; }

    /// <param name="values">In the order of the fields. Null is null in JSON and an empty value in CSV.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public Task AddAsync(IReadOnlyList<object?> values, CancellationToken cancellationToken) =>
        AddAsync(IsCsv ? CsvLine(values.Select(Text)) : JsonLine(values), cancellationToken);

    /// <summary>Adds a record that is JSON text.</summary>
    public async Task AddAsync(string text, CancellationToken cancellationToken)
    {
        var before = (IsCsv, Count) switch
        {
            (true, 0) => CsvLine(fields),
            (true, _) => "",
            (_, 0) => "[\n",
            _ => ",\n",
        };
        Count++;
        await target.WriteAsync(Encoding.UTF8.GetBytes(before + text), cancellationToken);
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var end = (IsCsv, Count) switch
        {
            (true, 0) => CsvLine(fields),
            (true, _) => "",
            (_, 0) => "[]\n",
            _ => "\n]\n",
        };
        await target.WriteAsync(Encoding.UTF8.GetBytes(end), cancellationToken);
    }

    private string JsonLine(IReadOnlyList<object?> values)
    {
        var record = new Dictionary<string, object?>(fields.Count, StringComparer.Ordinal);
        for (var i = 0; i < fields.Count; i++)
            record.Add(fields[i], values[i]);
        return JsonSerializer.Serialize(record, Json.Options);
    }

    private static string CsvLine(IEnumerable<string> values) => string.Join(',', values.Select(Quoted)) + "\r\n";

    private static string Quoted(string value) =>
        value.AsSpan().ContainsAny("\",\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;

    private static string Text(object? value) => value switch
    {
        null => "",
        bool yes => yes ? "true" : "false",
        DateTimeOffset time => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        JsonElement json => json.GetRawText(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
