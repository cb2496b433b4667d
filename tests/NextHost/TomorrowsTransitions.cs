using Dapper;
using Npgsql;
using Saga.Registry.Transitions;

namespace Saga.Tests.NextHost;

/// <summary>
/// Stores an operation state and a step status that the current version does not know: while the step "new" is running, its
/// operation awaits an approval. When read back, they become the engine's own values.
/// </summary>
internal sealed class TomorrowsTransitions(ITransitionStore inner, NpgsqlDataSource registry) : ITransitionStore
{
    public ITransitionSession OpenSession() => new Session(inner.OpenSession(), registry);

    private sealed class Session(ITransitionSession inner, NpgsqlDataSource registry) : ITransitionSession
    {
        public async Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken)
        {
            await ExecuteAsync(
                registry,
                """
                update operations set state = 'running' where state = 'awaitingApproval' and id in (select id from operations where id = any(@ids) order by id for update);
                update operation_steps set status = 'running' where operation_id = any(@ids) and step = 'new' and status = 'approving';
                """,
                messages.Select(m => m.OperationId), cancellationToken);
            return new Batch(await inner.BeginAsync(messages, cancellationToken), registry);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Batch(ITransitionBatch inner, NpgsqlDataSource registry) : ITransitionBatch
    {
        public DateTimeOffset Now => inner.Now;

        public LoadedOperation? Find(Guid operationId) => inner.Find(operationId);

        public string? WhyUnreadable(Guid operationId) => inner.WhyUnreadable(operationId);

        public async Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken)
        {
            await inner.CommitAsync(changes, sent, claim, cancellationToken);
            await ExecuteAsync(
                registry,
                """
                update operation_steps set status = 'approving' where operation_id = any(@ids) and step = 'new' and status = 'running';
                update operations set state = 'awaitingApproval' where state = 'running' and id in (
                    select id from operations where id = any(@ids) and exists (select from operation_steps s where s.operation_id = id and s.status = 'approving') order by id for update);
                """,
                changes.Select(c => c.OperationId), cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private static async Task ExecuteAsync(NpgsqlDataSource registry, string sql, IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, new { ids = ids.ToArray() }, cancellationToken: cancellationToken));
    }
}
