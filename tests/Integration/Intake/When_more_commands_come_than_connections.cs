using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Schema;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_more_commands_come_than_connections
{
    [Fact]
    public async Task Should_accept_all_instead_of_waiting_for_each_other()
    {
        var few = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync("registry")) { MaxPoolSize = 2, Timeout = 10 };
        await using var registry = NpgsqlDataSource.Create(few);
        await new RegistryMigrator(registry).MigrateAsync();
        await Seed.ProcessAsync(registry);
        await Seed.ServerAsync(registry, "main");
        var intake = Intakes.Provision(registry);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => intake.SubmitAsync(
            new ProvisionTenant { Name = $"Tenant {i}", Slug = $"tenant-{i}", Plan = "basic", AdminEmail = $"admin@t{i}.example" }, Caller.OfToken("test"), TestContext.Current.CancellationToken)));

        outcomes.ShouldAllBe(o => o is CommandAccepted);
    }
}
