using System.Buffers;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Moves;

/// <summary>Copies a tenant's rows of one table as they are on the wire, so that memory does not grow with them.</summary>
internal static class RowCopy
{
    private const int BufferLength = 128 * 1024;

    public static async Task RunAsync(
        MoveSession from, string fromSchema, MoveSession to, string toSchema, MovedTable table, Guid tenant, Action<int> copied, CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", table.Columns.Select(c => Sql.Name(c.Name)));
        var format = table.IsBinary ? "binary" : "text";
        var values = string.Join(", ", table.Columns.Select(c => table.Read(c, tenant)));
        var read = $"copy (select {values} from {Sql.Name(fromSchema)}.{Sql.Name(table.Name)}{table.Rows(tenant)}{table.Order}) to stdout (format {format})";
        var write = $"copy {Sql.Name(toSchema)}.{Sql.Name(table.Name)} ({columns}) from stdin (format {format})";
        await to.Session.TranslatingAsync(async () =>
        {
            if (table.IsBinary)
            {
                await using var source = await from.Session.TranslatingAsync(() => from.Session.Connection.BeginRawBinaryCopyAsync(read, cancellationToken));
                await using var target = await to.Session.Connection.BeginRawBinaryCopyAsync(write, cancellationToken);
                await PipeAsync<byte>(
                    from.Session, buffer => source.ReadAsync(buffer, cancellationToken), data => target.WriteAsync(data, cancellationToken), () => new ValueTask(target.CancelAsync()), copied);
            }
            else
            {
                await using var source = await from.Session.TranslatingAsync(() => from.Session.Connection.BeginTextExportAsync(read, cancellationToken));
                await using var target = await to.Session.Connection.BeginTextImportAsync(write, cancellationToken);
                await PipeAsync<char>(
                    from.Session, buffer => source.ReadAsync(buffer, cancellationToken), data => new ValueTask(target.WriteAsync(data, cancellationToken)), () => new ValueTask(target.CancelAsync()), copied);
            }

            return 0;
        });
    }

    private static async Task PipeAsync<T>(ServerSession from, Func<Memory<T>, ValueTask<int>> read, Func<ReadOnlyMemory<T>, ValueTask> write, Func<ValueTask> cancel, Action<int> copied)
    {
        var buffer = ArrayPool<T>.Shared.Rent(BufferLength);
        try
        {
            // Disposing the target would complete the copy, so a failure must cancel it. The server sends a message for each row, so nothing is
            // allocated here.
            while (true)
            {
                int length;
                try
                {
                    length = await read(buffer);
                }
                catch (Exception error) when (DatabaseFailures.Explains(error))
                {
                    throw DatabaseFailures.Translate(from.Server, error);
                }

                if (length == 0)
                    break;
                await write(buffer.AsMemory(0, length));
                copied(length);
            }
        }
        catch
        {
            await cancel();
            throw;
        }
        finally
        {
            ArrayPool<T>.Shared.Return(buffer);
        }
    }
}
