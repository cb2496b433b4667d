using Npgsql;
using Saga.Engine;

namespace Saga.Registry.Transitions;

/// <summary>Transitions in PostgreSQL. A session pins one connection.</summary>
/// <param name="lockMilliseconds">
/// How long a batch waits for an operation that another has locked before it fails with 55P03. A process that stopped within a transaction
/// keeps rows locked, and a batch with other operations must not wait for it long.
/// </param>
public sealed class SqlTransitionStore(NpgsqlDataSource registry, RegistryClock clock, EngineLevel? level = null, int lockMilliseconds = 500) : ITransitionStore
{
    private readonly WorkflowCache workflows = new(level ?? EngineLevel.Current);

    public ITransitionSession OpenSession() => new Session(new PinnedConnection(registry, lockMilliseconds: lockMilliseconds), workflows, clock);

    private sealed class Session(PinnedConnection connection, WorkflowCache workflows, RegistryClock clock) : ITransitionSession
    {
        public async Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken)
        {
            try
            {
                return await SqlTransitionBatch.BeginAsync(connection, workflows, messages, clock, cancellationToken);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
