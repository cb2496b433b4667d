using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>A program stopped in a transaction that has a tenant's row locked, and a step needs that row in a transaction under its lease.</summary>
public sealed class When_a_step_waits_for_a_locked_row
{
    private const string Together = "select count(*) from operation_steps a join operation_steps b using (expires_at) where a.step = 'one' and b.holder is not null";

    [Fact]
    public async Task Should_keep_the_leases_of_its_processs_other_steps()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var leased = new LeasedTransactions(registry, new RegistryClock());
        await using var frozen = await registry.OpenConnectionAsync();
        NpgsqlTransaction? locks = null;
        var waits = new TaskCompletionSource();
        var one = new ScriptedStep("one")
        {
            OnExecute = async (context, cancellationToken) =>
            {
                locks ??= await LockAsync(frozen, context.TenantId);
                // Both leases were renewed by the same statement, so they would end at the same moment.
                if (!waits.Task.IsCompleted)
                    await Until.TrueAsync(async () => await registry.ScalarAsync<long>(Together) == 2, "both leases are renewed together");
                await using var mine = await leased.BeginAsync(context.Lease, cancellationToken);
                waits.TrySetResult();
                await mine.Connection.ExecuteAsync(new CommandDefinition(
                    "update tenants set name = name where id = @Value", new { context.TenantId.Value }, mine.Transaction, cancellationToken: cancellationToken));
                await mine.CommitAsync(cancellationToken);
            },
        };
        var two = LongStep.Renewed(registry, "two", TimeSpan.FromSeconds(8));
        await using var host = await EngineHost.StartAsync(registry, null, [one, two]);
        var waiting = await host.SubmitAsync(EngineHost.Chain("one"));
        var running = await host.SubmitAsync(EngineHost.Chain("two"));
        await waits.Task;

        (await host.EndAsync(running, TimeSpan.FromMinutes(1))).ShouldBe(OperationState.Completed);

        two.Calls.ShouldHaveSingleItem("it was not interrupted, and lasted four times as long as a lease");
        (await host.HistoryAsync(waiting)).ShouldNotContain("completed");
        await locks!.DisposeAsync();
        (await host.EndAsync(waiting, TimeSpan.FromMinutes(1))).ShouldBe(OperationState.Completed);
    }

    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, TenantId tenant)
    {
        var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select 1 from tenants where id = @Value for update", new { tenant.Value }, transaction);
        return transaction;
    }
}
