using Saga.Tenancy.Connections;
using Saga.Workers.Database;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Exports;

/// <summary>Writes the rows of the product's tables, all as they are in one snapshot. Which tables belong to a data type is the product's to say.</summary>
internal sealed class ExportTables(TenantConnections connections, ConnectionBudgets budgets, ProductFiles product)
{
    private const int BufferBytes = 128 * 1024;

    public async Task WriteAsync(ExportDraft draft, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(draft.Context.Tenant);
        await using var snapshot = await TenantSnapshot.OpenAsync(connections, budgets, draft.Context.Tenant, placement, cancellationToken);
        try
        {
            (draft.SnapshotAt, draft.SchemaVersion) = (snapshot.At, placement.SchemaVersion);
            foreach (var table in await snapshot.TablesAsync(cancellationToken))
                await WriteAsync(draft, snapshot, table, cancellationToken);
        }
        catch (Exception error) when (TenantSnapshot.Translate(placement.Place.Server, error) is not null && error is not IOException)
        {
            throw TenantSnapshot.Translate(placement.Place.Server, error)!;
        }
    }

    private async Task WriteAsync(ExportDraft draft, TenantSnapshot snapshot, SourceTable table, CancellationToken cancellationToken)
    {
        var (type, user) = (product.Export.TypeOf(table.Name), draft.Export.UserId);
        if (type == ProductExport.None)
        {
            draft.LeftOut.Add(new(table.Name, "The product declares that exports leave it out."));
            return;
        }

        if (!draft.Has(type))
            return;
        var column = user is null ? null : product.Export.UserColumnOf(table.Name, [.. table.Columns.Select(c => c.Name)]);
        if (user is not null && column is null)
        {
            draft.LeftOut.Add(new(table.Name, "None of its columns names the user whom a row concerns."));
            return;
        }

        var (path, description) = ($"{type}/tables/{table.Name}", $"The rows of the table {table.Name}.");
        if (draft.Export.Format == ExportManifest.Csv)
            await WriteCsvAsync(draft, snapshot, table, column, path, description, type, cancellationToken);
        else
            await draft.AddRecordsAsync(path, type, description, table.Columns, records => WriteJsonAsync(draft, snapshot, table, column, records, cancellationToken), cancellationToken);
    }

    private static async Task WriteJsonAsync(ExportDraft draft, TenantSnapshot snapshot, SourceTable table, string? column, RecordWriter records, CancellationToken cancellationToken)
    {
        await foreach (var row in snapshot.JsonAsync(table, column, draft.Export.UserId, cancellationToken))
            await records.AddAsync(row, cancellationToken);
    }

    private static async Task WriteCsvAsync(
        ExportDraft draft, TenantSnapshot snapshot, SourceTable table, string? column, string path, string description, string type, CancellationToken cancellationToken)
    {
        var count = await snapshot.CountAsync(table, column, draft.Export.UserId, cancellationToken);
        var name = $"{path}.{ExportManifest.Csv}";
        await draft.Archive.AddAsync(
            name,
            async content =>
            {
                using var rows = await snapshot.CsvAsync(table, column, draft.Export.UserId, cancellationToken);
                var buffer = new byte[BufferBytes];
                while (await rows.BaseStream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                    await content.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            },
            cancellationToken);
        draft.Add(name, type, description, table.Columns, count);
    }
}
