using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Messaging;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_new_command_is_added
{
    [Fact]
    public async Task Should_come_by_its_own_queue_and_run_to_its_end()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = new TenantId(Guid.CreateVersion7());
        await registry.ExecuteAsync(
            "insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values (@Value, 'acme', 'Acme', 'basic', 'row', 'active', 'acme', 'UTC', 'admin@acme.example')",
            tenant);
        await using var host = await EngineHost.StartAsync(
            registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep(RenamePlan.Step), new ScriptedStep(RenamePlan.OtherStep)],
            services => services.AddCommand<RenameTenant, RenameTenant, RenamePlan>());
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<RenameTenant>(
            host.Services.GetRequiredService<BusAddresses>().Queue(RenamePlan.Queue), RequestTimeout.After(s: 30));

        var answer = await client.GetResponse<OperationAccepted>(new RenameTenant(tenant, "New"), TestContext.Current.CancellationToken);

        (await host.EndAsync(answer.Message.OperationId)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<string>("select name from tenants")).ShouldBe("New");
    }
}
