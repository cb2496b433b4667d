using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>
/// Sends what other processes put into the outbox, and what a crash left there. Any number may run: each claims
/// rows that are not locked. Woken by notification, and once a second in case one was lost.
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource registry, OutboxSender sender, SentMessages sent, IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<OutboxRelay> log)
    : BackgroundService
{
    private const int Page = 200;
    private readonly SemaphoreSlim wake = new(0, 1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(ListenAsync(stoppingToken), DrainAsync(stoppingToken));

    /// <summary>Deletes what was sent, so that an orderly stop leaves nothing to be sent twice.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await DeleteAsync(cancellationToken);
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
        {
            // It is sent again by the next process, and changes nothing.
            LogDrainFailed(error);
        }
    }

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    private async Task DrainAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var claimed = await ClaimAsync(stopping);
                await Task.WhenAll(claimed.Select(m => SendAsync(m, stopping)));
                await DeleteAsync(stopping);
                if (claimed.Count < Page)
                    await wake.WaitAsync(TimeSpan.FromSeconds(1), stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogDrainFailed(error);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stopping);
            }
        }
    }

    private async Task<List<OutboxMessage>> ClaimAsync(CancellationToken cancellation)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellation);
        var rows = await connection.QueryAsync<(Guid Id, string Type, string? Queue, string Body, string? TraceParent)>(new CommandDefinition(
            """
            update outbox set claimed_until = now() + @claim
            where message_id in (
                select message_id from outbox where claimed_until <= now()
                order by message_id limit @Page for update skip locked)
            returning message_id, message_type, destination, body, traceparent
            """,
            new { Page, claim = TimeSpan.FromSeconds(options.Value.OutboxClaimSeconds) }, cancellationToken: cancellation));
        var messages = new List<OutboxMessage>();
        foreach (var row in rows)
        {
            try
            {
                messages.Add(OutboxMessage.Read(row.Id, row.Type, row.Queue, row.Body, row.TraceParent));
            }
            catch (Exception error) when (error is InvalidOperationException or System.Text.Json.JsonException)
            {
                LogNotSent(error, row.Id, row.Queue);
            }
        }

        return messages;
    }

    private async Task SendAsync(OutboxMessage message, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            await sender.SendAsync(message, limit.Token);
            sent.Add(message.Id);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            // The row stays, and is claimed again when this claim ends.
            LogNotSent(error, message.Id, message.Queue);
        }
    }

    private async Task DeleteAsync(CancellationToken cancellation)
    {
        var ids = sent.Take();
        if (ids.Count == 0)
            return;
        try
        {
            await using var connection = await registry.OpenConnectionAsync(cancellation);
            await connection.ExecuteAsync(new CommandDefinition("delete from outbox where message_id = any(@ids)", new { ids }, cancellationToken: cancellation));
        }
        catch
        {
            sent.Return(ids);
            throw;
        }
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await registry.OpenConnectionAsync(stopping);
                connection.Notification += (_, _) => Wake();
                await connection.ExecuteAsync($"listen {OutboxWriter.Channel}");
                Wake();
                while (true)
                    await connection.WaitAsync(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotListening(error);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stopping);
            }
        }
    }

    private void Wake()
    {
        if (wake.CurrentCount > 0)
            return;
        try
        {
            wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another notification woke it in between.
        }
    }

    [LoggerMessage(EventId = 1111, Level = LogLevel.Warning, Message = "The outbox could not be drained; trying again in a second.")]
    private partial void LogDrainFailed(Exception error);

    [LoggerMessage(EventId = 1112, Level = LogLevel.Warning, Message = "Message {Id} to {Queue} was not sent; it stays in the outbox.")]
    private partial void LogNotSent(Exception error, Guid id, string? queue);

    [LoggerMessage(EventId = 1113, Level = LogLevel.Warning, Message = "Not notified of the outbox; looking once a second until the registry answers.")]
    private partial void LogNotListening(Exception error);
}
