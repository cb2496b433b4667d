using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>No timer fires, so everything that happens is triggered by a message or a notification.</summary>
public sealed class When_time_stands_still
{
    [Fact]
    public async Task Should_send_a_message_of_others_when_it_is_notified()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, [new ScriptedStep("one")], new TestClock());

        // The first one may be found by the poll at the start.
        for (var operations = 0; operations < 3; operations++)
            (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("one")))).ShouldBe(OperationState.Completed);
    }
}
