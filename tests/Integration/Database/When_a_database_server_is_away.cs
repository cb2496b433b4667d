using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_database_server_is_away
{
    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_fail_transiently_and_name_the_server(IsolationTier tier)
    {
        await using var world = await AwayAsync("Host=127.0.0.1;Port={0};Username=saga;Password=secret-word;Timeout=3");
        var tenant = await world.TenantAsync(tier);
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        foreach (var attempt in (Func<Task>[])[() => world.ExecuteAsync(tenant, StepNames.Database), () => world.CompensateAsync(tenant, StepNames.Database)])
        {
            var failure = (await Should.ThrowAsync<StepFailureException>(attempt)).Failure;
            (failure.Code, failure.Transient, failure.System).ShouldBe(("postgresql-unavailable", true, "postgresql:main"));
            failure.Message.ShouldNotContain("secret-word");
        }

        // The login may exist, so its password is kept until the login is known to be gone.
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_fail_permanently_when_the_administrator_is_refused()
    {
        var admin = new Npgsql.NpgsqlConnectionStringBuilder(await Support.PostgresServer.AdminConnectionStringAsync());
        await using var world = await DatabaseWorld.CreateAsync(
            settings: ("Saga:Databases:Servers:main:ConnectionString", $"Host={admin.Host};Port={admin.Port};Username={admin.Username};Password=wrong"));
        var tenant = await world.TenantAsync(IsolationTier.Database);
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Database))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("postgresql-refused", false));
        failure.Remedy!.ShouldContain("Saga:Databases:Servers:main:ConnectionString");
    }

    [Fact]
    public async Task Should_say_that_a_server_is_not_configured_here()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await Support.Seed.TenantAsync(
            world.Registry, "acme", "custom", IsolationTier.Schema, placement: new("elsewhere", "saga_schemas_1", "t_x"));

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Database))).Failure;

        failure.Code.ShouldBe("server-unknown");
        failure.Remedy!.ShouldContain("Saga:Databases:Servers:elsewhere:ConnectionString");
    }

    [Theory]
    [InlineData("Saga:Databases:Servers:Main:Region", "eu", "Saga:Databases:Servers:Main: a server's name")]
    [InlineData("Saga:Databases:Servers:main:ConnectionString", "nonsense", "Saga:Databases:Servers:main:ConnectionString must be")]
    [InlineData("Saga:Databases:Servers:main:ConnectionString", "", "Saga:Databases:Servers:main:ConnectionString must be")]
    [InlineData("Saga:Databases:Servers:main:MaxTenants", "-1", "Saga:Databases:Servers:main:MaxTenants must be")]
    [InlineData("Saga:Databases:Servers:main:MaxSchemasPerDatabase", "0", "Saga:Databases:Servers:main:MaxSchemasPerDatabase must be")]
    [InlineData("Saga:Databases:Servers:main:PublicPort", "70000", "Saga:Databases:Servers:main:PublicPort must be")]
    public async Task Should_not_start_on_a_wrong_configuration(string key, string value, string message) =>
        (await Should.ThrowAsync<OptionsValidationException>(() => DatabaseWorld.CreateAsync(settings: (key, value)))).Message.ShouldContain(message);

    private static Task<DatabaseWorld> AwayAsync(string connectionString) =>
        DatabaseWorld.CreateAsync(settings: ("Saga:Databases:Servers:main:ConnectionString", string.Format(connectionString, FreePorts.Next())));
}
