using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Sweep;
using Saga.Registry;
using Saga.Registry.Outbox;
using Saga.Registry.Schema;
using Saga.Registry.Sweep;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

/// <summary>With the bus in memory, a start wakes every unfinished operation.</summary>
public sealed class When_the_registry_goes_away_before_operations_are_woken
{
    [Fact]
    public async Task Should_wait_for_it_and_wake_each_once()
    {
        var clock = new TestClock();
        using var running = clock.Run();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(clock)
            .AddRegistry(new ConfigurationBuilder().AddInMemoryCollection([new("Saga:Registry:ConnectionString", "Host=nowhere.invalid")]).Build())
            .BuildServiceProvider();
        var (store, sender) = (new Store(outages: 2), new Sender());

        await new RedispatchAtStart(store, sender, services.GetRequiredService<RegistryAtStart>()).StartedAsync(TestContext.Current.CancellationToken);

        sender.Woken.ShouldBe(store.Unfinished.Select(o => o.Id));
    }

    private sealed class Store(int outages) : ISweepStore
    {
        private int left = outages;

        public IReadOnlyList<SweptOperation> Unfinished { get; } = [new(Guid.NewGuid(), null), new(Guid.NewGuid(), null)];

        public Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
            left-- > 0 ? throw new NpgsqlException("The connection was broken.") : Task.FromResult(Unfinished);
    }

    private sealed class Sender : IOutboxSender
    {
        public List<Guid> Woken { get; } = [];

        public Task SendAsync(OutboxMessage message, CancellationToken cancellationToken)
        {
            Woken.Add(message.Message.ShouldBeOfType<OperationForgotten>().OperationId);
            return Task.CompletedTask;
        }
    }
}
