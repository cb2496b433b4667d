using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Xunit;

namespace Saga.Tests.Integration.Intake;

/// <summary>An intake with its own registry.</summary>
public abstract class IntakeTest : IAsyncLifetime
{
    protected NpgsqlDataSource Registry { get; private set; } = null!;

    protected ICommandIntake<ProvisionTenant> Intake { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Registry = await PostgresServer.NewRegistryAsync();
        await Seed.ProcessAsync(Registry, [RenamePlan.Step, RenamePlan.OtherStep]);
        Intake = Intakes.Provision(Registry);
    }

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static ProvisionTenant Command(string slug) => new() { Name = "Acme", Slug = slug, Plan = "enterprise", AdminEmail = "ada@acme.com" };

    protected Task<IntakeOutcome> SubmitAsync(ProvisionTenant command, string caller = "ada") =>
        Intake.SubmitAsync(command, Caller.OfToken(caller), TestContext.Current.CancellationToken);

    protected async Task<CommandAccepted> AcceptedAsync(ProvisionTenant command, string caller = "ada") =>
        Assert.IsType<CommandAccepted>(await SubmitAsync(command, caller));

    protected async Task<OperationRejected> RejectedAsync(ProvisionTenant command, string caller = "ada") =>
        Assert.IsType<CommandRejected>(await SubmitAsync(command, caller)).Rejection;

    protected async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The rows in every table that a command writes to.</summary>
    protected Task<long> RowsAsync() => QueryAsync<long>(
        """
        select (select count(*) from tenants) + (select count(*) from operations) + (select count(*) from operation_history)
             + (select count(*) from audit where action <> 'command.refuse') + (select count(*) from outbox where message_type not like '%.CommandRefused') + (select count(*) from idempotency_keys) + (select count(*) from workflows)
        """);

    protected async Task EndAsync(Guid operation, string state, string tenantStatus)
    {
        await using var command = Registry.CreateCommand(
            """
            with o as (update operations set state = $2, finished_at = now() where id = $1 returning tenant_id),
            released as (delete from operation_scopes where operation_id = $1 and $2 in ('completed', 'compensated', 'cancelled'))
            update tenants set status = $3 where id = (select tenant_id from o)
            """);
        command.Parameters.Add(new() { Value = operation });
        command.Parameters.Add(new() { Value = state });
        command.Parameters.Add(new() { Value = tenantStatus });
        await command.ExecuteNonQueryAsync();
    }
}
