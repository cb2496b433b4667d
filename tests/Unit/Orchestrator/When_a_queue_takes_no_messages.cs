using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Orchestrator.Scopes;
using Saga.Orchestrator;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Outbox;
using Saga.Registry.Outbox;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

/// <summary>The relay while a send hangs because the broker is slow or the queue is full.</summary>
public sealed class When_a_queue_takes_no_messages
{
    private readonly TestClock time = new();
    private readonly OrchestratorOptions options = new();

    [Fact]
    public async Task Should_send_what_goes_to_other_queues()
    {
        var (stuck, other) = (Message("full"), Message("open"));
        // Claimed one after the other, in order of arrival.
        var outbox = new Outbox([stuck], [other]);
        var sender = new Sender();
        using var relay = Relay(outbox, sender);
        await relay.StartAsync(default);

        await Until.TrueAsync(() => Moved(sender.Sent.Contains(other.Id)), "the other message is sent");

        sender.GivenUp.ShouldBeEmpty("the first is still being sent");
        await relay.StopAsync(default);
    }

    [Fact]
    public async Task Should_give_up_before_another_may_claim_the_message()
    {
        var stuck = Message("full");
        var outbox = new Outbox([stuck]);
        var sender = new Sender();
        using var relay = Relay(outbox, sender);
        var started = time.GetUtcNow();
        await relay.StartAsync(default);

        await Until.TrueAsync(() => Moved(sender.GivenUp.Contains(stuck.Id)), "the send times out");

        (time.GetUtcNow() - started).ShouldBeLessThan(outbox.Claim);
        outbox.Deleted.ShouldBeEmpty();
        await relay.StopAsync(default);
    }

    private Task<bool> Moved(bool done)
    {
        if (!done)
            time.Advance(TimeSpan.FromMilliseconds(200));
        return Task.FromResult(done);
    }

    private OutboxRelay Relay(Outbox outbox, Sender sender) =>
        new(outbox, sender, new SentMessages(), new AdmissionSignal(), new ScopeSignal(), new BrokerFlow(time), Options.Create(options), time, NullLogger<OutboxRelay>.Instance);

    private static OutboxMessage Message(string queue) => new(Guid.CreateVersion7(), queue, new OperationDue { OperationId = Guid.CreateVersion7() });

    private sealed class Outbox(params OutboxMessage[][] pages) : IOutboxStore, IOutboxSession
    {
        private readonly ConcurrentQueue<OutboxMessage[]> pages = new(pages);

        public TimeSpan Claim { get; private set; }

        public ConcurrentBag<Guid> Deleted { get; } = [];

        public IOutboxSession OpenSession() => this;

        public Task ListenAsync(Action notified, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        public Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit, TimeSpan claim, CancellationToken cancellationToken)
        {
            Claim = claim;
            return Task.FromResult(new ClaimedMessages(pages.TryDequeue(out var page) ? page : [], []));
        }

        public Task DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
        {
            foreach (var id in ids)
                Deleted.Add(id);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Sender : IOutboxSender
    {
        public ConcurrentBag<Guid> Sent { get; } = [];

        public ConcurrentBag<Guid> GivenUp { get; } = [];

        public async Task SendAsync(OutboxMessage message, CancellationToken cancellationToken)
        {
            try
            {
                if (message.Queue == "full")
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                Sent.Add(message.Id);
            }
            catch (OperationCanceledException)
            {
                GivenUp.Add(message.Id);
                throw;
            }
        }
    }
}
