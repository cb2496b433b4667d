using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Outbox;
using Saga.Registry.Replays;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;
using Saga.Tests.Support.EnginePort;

namespace Saga.Tests.Simulation;

/// <summary>Gives the messages that stores write by themselves ids of the simulation, in the order in which the storage in memory writes them.</summary>
internal sealed class SqlMessageIds(NpgsqlDataSource registry, Func<Guid> newId)
{
    public async Task ReplaceAsync(CancellationToken cancellationToken)
    {
        var written = new List<OutboxMessage>();
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using (var find = new NpgsqlCommand("select message_id, message_type, destination, body from outbox where message_id::text not like '%-0000-0000-0000-000000000000'", connection))
        await using (var rows = await find.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
                written.Add(OutboxMessage.Read(rows.GetGuid(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.GetString(3), null));
        }

        if (written.Count == 0)
            return;
        await using var batch = new NpgsqlBatch(connection);
        foreach (var message in written.OrderBy(Operation).ThenBy(m => m.Message is CommandRefused ? 0 : 1))
        {
            batch.BatchCommands.Add(new("update outbox set message_id = $2 where message_id = $1")
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = message.Id }, new NpgsqlParameter<Guid> { TypedValue = newId() } },
            });
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static Guid? Operation(OutboxMessage message) => message.Message switch
    {
        OperationSubmitted m => m.OperationId,
        CommandRefused m => m.OperationId,
        CancellationRequested m => m.OperationId,
        ReplayRequested m => m.OperationId,
        _ => throw new InvalidOperationException($"No store was expected to write {message.Type}."),
    };

    public sealed class Acceptances(IAcceptanceStore store, SqlMessageIds ids) : IAcceptanceStore
    {
        public Task<KnownCommand?> FindAsync(string caller, string key, CancellationToken cancellationToken) => store.FindAsync(caller, key, cancellationToken);

        public Task<Saga.Registry.Operations.ScopeHolder?> FindHolderAsync(IReadOnlyCollection<string> scopes, CancellationToken cancellationToken) => store.FindHolderAsync(scopes, cancellationToken);

        public async Task<AcceptanceConflict?> AcceptAsync(TenantId? existing, Func<Tenant?, DateTimeOffset, Acceptance?> decide, CancellationToken cancellationToken)
        {
            var conflict = await store.AcceptAsync(existing, decide, cancellationToken);
            await ids.ReplaceAsync(cancellationToken);
            return conflict;
        }
    }

    public sealed class Operators(IOperatorPort port, SqlMessageIds ids) : IOperatorPort
    {
        public Task<int> PrepareReplaysAsync(Batch batch, IReadOnlyList<Guid> operations, ReplayMode? mode) => port.PrepareReplaysAsync(batch, operations, mode);

        public Task<int> PrepareCommandsAsync(Batch batch, IReadOnlyList<Guid> tenants) => port.PrepareCommandsAsync(batch, tenants);

        public async Task<AcceptanceConflict?> RunAsync(Guid batch, Func<DateTimeOffset, Acceptance> decide)
        {
            var conflict = await port.RunAsync(batch, decide);
            await ids.ReplaceAsync(default);
            return conflict;
        }

        public Task<string?> OrderAsync(Guid batch, BatchOrder order, string actor, string reason) => port.OrderAsync(batch, order, actor, reason);

        public Task<Batch?> FindAsync(Guid batch) => port.FindAsync(batch);

        public Task<IReadOnlyList<BatchItem>> ItemsAsync(Guid batch) => port.ItemsAsync(batch);

        public async Task<ReplayReading?> ReplayAsync(ReplayOperation command, string actor, Guid? parent = null)
        {
            var reading = await port.ReplayAsync(command, actor, parent);
            if (reading?.Result == ReplayResult.Accepted)
                await ids.ReplaceAsync(default);
            return reading;
        }

        public Task<EndedOperation?> FindEndedAsync(Guid operation) => port.FindEndedAsync(operation);
    }

    public sealed class ScopeWaits(IScopeWaitStore store, SqlMessageIds ids) : IScopeWaitStore
    {
        public Task<GrantedScopes> GrantAsync(int limit, CancellationToken cancellationToken) => store.GrantAsync(limit, cancellationToken);

        public async Task<int> RefuseExpiredAsync(int limit, CancellationToken cancellationToken)
        {
            var refused = await store.RefuseExpiredAsync(limit, cancellationToken);
            if (refused > 0)
                await ids.ReplaceAsync(cancellationToken);
            return refused;
        }
    }
}
