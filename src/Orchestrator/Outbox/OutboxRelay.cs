using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Messaging;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Scopes;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>
/// Sends messages that other processes put into the outbox or that a crash left there. Any number may run, because each claims only
/// rows that are not locked. Woken by notifications, and once a second in case one was lost.
/// </summary>
internal sealed partial class OutboxRelay(
    IOutboxStore store, IOutboxSender sender, SentMessages sent, AdmissionSignal admission, ScopeSignal scopes, BrokerFlow flow,
    IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<OutboxRelay> log)
    : BackgroundService
{
    private const int Page = 200;
    private const int MaxInFlight = 1000;
    private static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);
    private readonly TimeSpan claim = TimeSpan.FromSeconds(options.Value.OutboxClaimSeconds);
    private readonly TimeSpan sendLimit = TimeSpan.FromSeconds(options.Value.OutboxSendSeconds);
    // Capacity one, so that several notifications cause one check.
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(ListenAsync(stoppingToken), WakeEverySecondAsync(stoppingToken), DrainAsync(stoppingToken));

    /// <summary>Deletes the rows of sent messages, so that after an orderly stop nothing is sent twice.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await using var session = store.OpenSession();
            await DeleteAsync(session, cancellationToken);
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
        {
            // The next process sends these messages again, which is harmless.
            LogDrainFailed(error);
        }
    }

    private async Task DrainAsync(CancellationToken stopping)
    {
        await using var session = store.OpenSession();
        var sending = new List<Task>();
        var lookedForAll = 0L;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var all = time.GetElapsedTime(lookedForAll) >= EverySecond;
                // While the broker accepts nothing, one message at a time finds out whether it does again. More would only be sent twice.
                var limit = Math.Min(flow.Blocked is null ? Page : 1, MaxInFlight - sending.Count);
                var claimed = await ClaimAsync(session, all ? OutboxPart.Overdue : OutboxPart.Fresh, limit, stopping);
                if (all && claimed.Count < limit)
                    lookedForAll = time.GetTimestamp();
                sending.AddRange(claimed.Messages.Select(m => SendAsync(m, stopping)));
                await FinishAsync(sending, stopping);
                await DeleteAsync(session, stopping);
                if (claimed.Count < limit)
                    await wakes.Reader.ReadAsync(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogDrainFailed(error);
                await Task.Delay(EverySecond, time, stopping);
            }
        }
    }

    // A slow send delays the next page by at most a second and then continues in parallel, so that one queue that accepts no messages
    // does not block the others.
    private async Task FinishAsync(List<Task> sending, CancellationToken stopping)
    {
        do
        {
            try
            {
                await Task.WhenAll(sending).WaitAsync(EverySecond, time, stopping);
            }
            catch (TimeoutException)
            {
                // Checked again with the next page.
            }

            sending.RemoveAll(s => s.IsCompleted);
        }
        while (sending.Count == MaxInFlight);
    }

    private async Task<ClaimedMessages> ClaimAsync(IOutboxSession session, OutboxPart which, int limit, CancellationToken cancellationToken)
    {
        var claimed = await session.ClaimAsync(which, limit, claim, cancellationToken);
        foreach (var row in claimed.Unreadable)
            LogNotSent(row.Error, row.Id, row.Queue);
        return claimed;
    }

    private async Task SendAsync(OutboxMessage message, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(sendLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        try
        {
            await sender.SendAsync(message, both.Token);
            sent.Add(message.Id);
        }
        catch (Exception error)
        {
            // The row stays and is claimed again when this claim ends.
            if (!stopping.IsCancellationRequested)
                LogNotSent(error, message.Id, message.Queue);
        }
    }

    private async Task DeleteAsync(IOutboxSession session, CancellationToken cancellationToken)
    {
        var ids = sent.Take();
        if (ids.Count == 0)
            return;
        try
        {
            await session.DeleteAsync(ids, cancellationToken);
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
                await store.ListenAsync(Notified, stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotListening(error);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stopping);
            }
        }
    }

    private async Task WakeEverySecondAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(EverySecond, time);
        while (await timer.WaitForNextTickAsync(stopping))
            Wake();
    }

    // The intake also notifies this way.
    private void Notified()
    {
        Wake();
        admission.Wake();
        scopes.Wake();
    }

    private void Wake() => wakes.Writer.TryWrite(true);

    [LoggerMessage(EventId = 1111, Level = LogLevel.Warning, Message = "The outbox could not be drained; trying again in a second.")]
    private partial void LogDrainFailed(Exception error);

    [LoggerMessage(EventId = 1112, Level = LogLevel.Warning, Message = "Message {Id} to {Queue} was not sent; it stays in the outbox.")]
    private partial void LogNotSent(Exception error, Guid id, string? queue);

    [LoggerMessage(EventId = 1113, Level = LogLevel.Warning, Message = "Outbox notifications are unavailable; polling once a second until the registry answers.")]
    private partial void LogNotListening(Exception error);
}
