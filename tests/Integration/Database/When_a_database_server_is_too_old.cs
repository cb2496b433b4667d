using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_database_server_is_too_old
{
    [Fact]
    public async Task Should_not_start_and_name_every_server()
    {
        using var old = new OldPostgres(await PostgresServer.AdminConnectionStringAsync(), "14");

        var error = await Should.ThrowAsync<AggregateException>(() => DatabaseWorld.CreateAsync(
            server: old.ConnectionString, settings: ("Saga:Databases:Servers:second:ConnectionString", old.ConnectionString)));

        error.InnerExceptions.Count.ShouldBe(2);
        foreach (var name in (string[])["main", "second"])
            error.InnerExceptions.ShouldContain(e => e.Message.StartsWith($"Saga:Databases:Servers:{name}:ConnectionString: the server is PostgreSQL 14.", StringComparison.Ordinal));
        error.InnerExceptions.ShouldAllBe(e => e.Message.EndsWith(", and Saga needs PostgreSQL 15 or newer. Upgrade the server, or name another.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_fail_the_step_permanently_when_it_was_away_at_the_start()
    {
        using var old = new OldPostgres(await PostgresServer.AdminConnectionStringAsync(), "13") { Away = true };
        await using var world = await DatabaseWorld.CreateAsync(server: old.ConnectionString);
        old.Away = false;
        var tenant = await world.TenantAsync(IsolationTier.Database);
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Database))).Failure;

        (failure.Code, failure.Transient, failure.System).ShouldBe(("postgresql-too-old", false, "postgresql:main"));
        failure.Message.ShouldStartWith("Saga:Databases:Servers:main:ConnectionString: the server is PostgreSQL 13.");
        failure.Remedy!.ShouldContain("15 or newer");
    }
}
