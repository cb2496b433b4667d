using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Engine;
using Saga.Engine.Workflows;
using Saga.Registry.Scopes;
using Saga.Registry;
using Saga.Registry.Admission;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;

namespace Saga.Tests.Support.EnginePort;

public sealed class SqlWorld : EngineWorld
{
    private readonly NpgsqlDataSource registry;
    private readonly RegistryClock clock;

    public SqlWorld(NpgsqlDataSource registry)
        : this(registry, new())
    {
    }

    private SqlWorld(NpgsqlDataSource registry, RegistryClock clock)
        : base(new SqlEnginePort(registry, clock, (int)WaitLimit.Seconds(10).TotalMilliseconds)) => (this.registry, this.clock) = (registry, clock);

    public override void Advance(TimeSpan by) => clock.Offset += by;

    public override async Task<Guid> AcceptAsync(WorkflowDefinition workflow)
    {
        var id = await EngineHost.SubmitAsync(registry, workflow);
        await using var connection = await registry.OpenConnectionAsync();
        // Removes its message, because the suite sends its own.
        await connection.ExecuteAsync("delete from outbox where body like @about", new { about = $"%{id}%" });
        return id;
    }

    public override async Task WriteAsync(Guid id, string type, string? queue, string body)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into outbox (message_id, message_type, destination, body, claimed_until) values (@id, @type, @queue, @body, '-infinity');
            select pg_notify(@Channel, '');
            """,
            new { id, type, queue, body, Channel = RegistryChannels.Outbox });
    }

    public override async Task MakeUnreadableAsync(Guid operation)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "insert into operation_steps (operation_id, step, fence, status) values (@operation, 'one', 1, 'levitating') on conflict (operation_id, step) do update set status = excluded.status",
            new { operation });
    }

    public override async Task MakeReadableAsync(Guid operation)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync("update operation_steps set status = 'running' where operation_id = @operation and status = 'levitating'", new { operation });
    }

    public override async Task<IAsyncDisposable> LockAsync(StepLease lease) => await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(lease, default);

    public override async Task<IReadOnlyList<string>> HistoryAsync(Guid operation)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(
            "select event || coalesce(':' || step, '') from operation_history where operation_id = @operation order by id", new { operation })];
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await registry.DisposeAsync();
    }
}
