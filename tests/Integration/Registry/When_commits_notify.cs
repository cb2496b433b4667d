using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.DeadLetters;
using Saga.Registry.Notifications;
using Saga.Lifecycle.Intake;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>A commit that notifies takes a server-wide lock until it is on disk.</summary>
public sealed class When_commits_notify
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_be_separate_from_the_transactions_of_commands_and_steps()
    {
        await using var registry = await NotificationWatch.NewRegistryAsync();
        await using var world = await DatabaseWorld.CreateAsync(registry);
        var (active, undone) = (await world.TenantAsync(IsolationTier.Row), await world.TenantAsync(IsolationTier.Row));
        await world.ExecuteAsync(active, StepNames.Reserve);
        await world.ExecuteAsync(undone, StepNames.Reserve);

        (await Intakes.Provision(registry).SubmitAsync(new ProvisionTenant { Name = "Acme", Slug = "acme", Plan = "basic", AdminEmail = "ada@acme.com" }, Caller.OfToken("ada"), Cancellation))
            .ShouldBeOfType<CommandAccepted>();
        await world.ExecuteAsync(active, StepNames.Activate);
        await world.CompensateAsync(undone, StepNames.Reserve);

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(distinct channel || payload) from notified") == 3, "the relay and both tenants are notified");
        (await registry.ScalarAsync<long>("select count(*) from outbox")).ShouldBeGreaterThan(0);
        (await registry.ScalarAsync<long>(
            "select count(*) from notified n where n.by in (select xmin from outbox union all select xmin from operations union all select xmin from tenants union all select xmin from placements)")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_separate_from_the_return_of_a_dead_letter()
    {
        await using var registry = await NotificationWatch.NewRegistryAsync();
        await registry.ExecuteAsync(
            "insert into dead_letters (id, queue, message_id, message_type, body, is_binary, reason, detail) values (@id, 'saga-operations', @id, 'StepSucceeded', '{}', false, 'failed', '')",
            new { id = Guid.CreateVersion7() });
        var id = await registry.ScalarAsync<Guid>("select id from dead_letters");

        (await new DeadLetterStore(registry, new RegistryNotifier(registry, NullLogger<RegistryNotifier>.Instance)).ReturnAsync(id, "ada", "mended", Cancellation)).ShouldBe(DeadLetterReturn.Returned);

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from notified") == 1, "the relay is notified");
        (await registry.ScalarAsync<long>("select count(*) from notified n where n.by in (select xmin from dead_letters union all select xmin from outbox)")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_send_what_the_relay_was_not_notified_of()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);

        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"), notify: false);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }
}
