using Npgsql;
using Saga.Engine.Operations;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Admission;

/// <summary>The registry's server has no connection left for the workers (SQLSTATE 53300), although it works.</summary>
public sealed class When_the_registry_refuses_connections
{
    private const string Password = "worker";

    [Fact]
    public async Task Should_reduce_the_slots_and_cost_no_attempt()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.NewVirtualHostAsync();
        var login = "worker_of_" + new NpgsqlConnectionStringBuilder(registry.ConnectionString).Database;
        // A superuser is not bound by the limit of its role.
        await registry.ExecuteAsync($"do $$ begin execute format('create role {login} login password ''{Password}'' in role %I', current_user); end $$");
        await using var limited = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(registry.ConnectionString) { Username = login, Password = Password }.ConnectionString);
        var step = new ScriptedStep("one");
        await using var worker = await EngineHost.StartAsync(limited, broker, [step], orchestrate: false);
        await using var orchestrator = await EngineHost.StartAsync(registry, broker, []);
        await registry.ExecuteAsync($"alter role {login} connection limit 0");
        await registry.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{login}'");

        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { MaxAttempts = 1 }));

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from admission_limit where slots < 12") == 1, "the installation has fewer slots", TimeSpan.FromMinutes(2));
        step.Calls.ShouldBeEmpty("nothing runs without a lease");
        await registry.ExecuteAsync($"alter role {login} connection limit -1");
        (await orchestrator.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select max(attempt) from operation_steps")).ShouldBe(1);
        (await orchestrator.HistoryAsync(operation)).ShouldNotContain(line => line.StartsWith("stepFailed", StringComparison.Ordinal) || line.StartsWith("stepTimedOut", StringComparison.Ordinal));
    }
}
