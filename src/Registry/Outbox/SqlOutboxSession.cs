using System.Text.Json;
using Dapper;
using Npgsql;

namespace Saga.Registry.Outbox;

/// <summary>The SQL of the outbox's relays.</summary>
internal sealed class SqlOutboxSession(PinnedConnection pinned, RegistryClock clock) : IOutboxSession
{
    private bool begun;

    public async Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit, TimeSpan claim, CancellationToken cancellationToken)
    {
        // Both use the order of the index, in which unclaimed messages come first.
        var condition = which == OutboxPart.Fresh ? "claimed_until = '-infinity'" : "claimed_until <= now() + @offset";
        try
        {
            var connection = await pinned.OpenAsync(cancellationToken);
            if (!begun)
            {
                // An older version could not read these messages, but this one may.
                await connection.ExecuteAsync(new CommandDefinition("update outbox set claimed_until = '-infinity' where unread > 0", cancellationToken: cancellationToken));
                begun = true;
            }

            var rows = await connection.QueryAsync<(Guid Id, string Type, string? Queue, string Body, string? TraceParent)>(new CommandDefinition(
                $"""
                update outbox set claimed_until = now() + @offset + @claim
                where message_id in (select message_id from outbox where {condition} order by claimed_until, message_id limit @limit for update skip locked)
                returning message_id, message_type, destination, body, traceparent
                """,
                new { limit, claim, offset = clock.Offset }, cancellationToken: cancellationToken));
            var claimed = Read(rows);
            if (claimed.Unreadable.Count > 0)
                await PutOffAsync(connection, claimed.Unreadable, claim, cancellationToken);
            return claimed;
        }
        catch
        {
            await pinned.DisposeAsync();
            throw;
        }
    }

    public async Task DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await pinned.OpenAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(
                "delete from outbox where message_id = any(@ids)", new { ids }, cancellationToken: cancellationToken));
        }
        catch
        {
            await pinned.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => pinned.DisposeAsync();

    // Postpones messages for a newer version. The delay doubles each time, up to a limit so that the newer version need not wait long.
    private async Task PutOffAsync(NpgsqlConnection connection, IEnumerable<UnreadableMessage> messages, TimeSpan claim, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update outbox set unread = unread + 1, claimed_until = now() + @offset + least(@claim * power(2, least(unread, 20)), interval '5 minutes')
            where message_id = any(@ids)
            """,
            new { ids = messages.Select(m => m.Id).ToArray(), claim, offset = clock.Offset }, cancellationToken: cancellationToken));

    private static ClaimedMessages Read(IEnumerable<(Guid Id, string Type, string? Queue, string Body, string? TraceParent)> rows)
    {
        var messages = new List<OutboxMessage>();
        var unreadable = new List<UnreadableMessage>();
        foreach (var row in rows)
        {
            try
            {
                messages.Add(OutboxMessage.Read(row.Id, row.Type, row.Queue, row.Body, row.TraceParent));
            }
            catch (Exception error) when (error is InvalidOperationException or JsonException)
            {
                unreadable.Add(new UnreadableMessage(row.Id, row.Type, row.Queue, error));
            }
        }

        return new ClaimedMessages(messages, unreadable);
    }
}
