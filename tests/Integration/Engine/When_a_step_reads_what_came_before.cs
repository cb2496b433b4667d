using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_step_reads_what_came_before
{
    [Theory]
    [InlineData("database.create")]
    [InlineData("database")]
    public async Task Should_get_the_output_under_whatever_name_the_workflow_has_for_its_step(string name)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var reader = new Reader();
        await using var host = await EngineHost.StartAsync(registry, null, [new Maker(), reader]);

        var operation = await host.SubmitAsync(EngineHost.Chain(name, Reader.StepName));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        reader.Read.ShouldBe(new Made("eu-1", 5));
    }

    [Fact]
    public async Task Should_get_the_command()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var reader = new CommandReader();
        await using var host = await EngineHost.StartAsync(registry, null, [reader]);
        await using (await registry.OpenConnectionAsync())
        {
            await registry.ExecuteAsync("create function given() returns trigger language plpgsql as $$ begin new.input := '{\"server\": \"eu-2\", \"number\": 7}'; return new; end $$");
            await registry.ExecuteAsync("create trigger given before insert on operations for each row execute function given()");
        }

        var operation = await host.SubmitAsync(EngineHost.Chain(CommandReader.StepName));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        reader.Read.ShouldBe(new Made("eu-2", 7));
    }

    [Fact]
    public async Task Should_fail_with_a_remedy_when_the_output_is_not_there()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep(StepNames.Database), new Reader()]);

        var operation = await host.SubmitAsync(EngineHost.Chain(StepNames.Database, Reader.StepName));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        (await registry.ScalarAsync<string>("select (failure->>'code') || ': ' || (failure->>'remedy') from operations"))
            .ShouldBe("output-missing: Retry the operation from step 'database.create'.");
    }

    private sealed record Made(string Server, int Number);

    private sealed class Maker : IStep
    {
        public string Name => StepNames.Database;

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => Task.FromResult<object?>(new Made("eu-1", 5));

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Reader : IStep
    {
        public const string StepName = "made.read";

        public string Name => StepName;

        public IReadOnlyList<string> Needs => [StepNames.Database];

        public Made? Read { get; private set; }

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            Should.Throw<InvalidOperationException>(() => context.Output<Made>(StepNames.Reserve)).Message.ShouldContain("without declaring it");
            Should.Throw<InvalidOperationException>(() => context.Input<Made>()).Message.ShouldContain("without declaring it");
            Read = context.Output<Made>(StepNames.Database);
            return Task.FromResult<object?>(null);
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class CommandReader : IStep
    {
        public const string StepName = "command.read";

        public string Name => StepName;

        public bool NeedsInput => true;

        public Made? Read { get; private set; }

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            Read = context.Input<Made>();
            return Task.FromResult<object?>(null);
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
