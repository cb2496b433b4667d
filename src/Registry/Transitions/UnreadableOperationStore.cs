using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Registry.Outbox;

namespace Saga.Registry.Transitions;

/// <summary>The operations that some version of the orchestrator could not read, in the registry.</summary>
public sealed class UnreadableOperationStore(NpgsqlDataSource registry, RegistryClock clock, EngineLevel? level = null) : IUnreadableOperationStore
{
    private const int Page = 200;
    private readonly WorkflowCache workflows = new(level ?? EngineLevel.Current);

    public async Task<IReadOnlyDictionary<Guid, string>> TryAgainAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var left = new Dictionary<Guid, string>();
        // Few distinct sentences for many operations.
        var sentences = new HashSet<string>(StringComparer.Ordinal);
        for (Guid? after = null; ;)
        {
            var page = await ReadPageAsync(connection, after, cancellationToken);
            foreach (var (id, state, workflow) in page)
            {
                if (state is not null && await WhyUnreadableAsync(connection, id, state, workflow!, cancellationToken) is { } reason)
                {
                    sentences.Add(reason);
                    left[id] = sentences.TryGetValue(reason, out var known) ? known : reason;
                }
                else
                {
                    await ResumeAsync(connection, id, cancellationToken);
                }
            }

            if (page.Count < Page)
                return left;
            after = page[^1].Id;
        }
    }

    public async Task<bool> PutBackAsync(StepReport report, string? traceParent, CancellationToken cancellationToken)
    {
        var message = new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, report, traceParent);
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into outbox (message_id, message_type, destination, body, traceparent, unread, claimed_until)
            select @Id, @Type, @Queue, @Body, @TraceParent, 1,
                now() + @offset + least(greatest((now() - u.first_at) / 4, interval '1 second'), interval '5 minutes')
            from (select 1) one left join unreadable_operations u on u.operation_id = @OperationId
            where coalesce(u.first_at > now() - interval '1 hour', true)
            """,
            new { message.Id, message.Type, message.Queue, message.Body, message.TraceParent, report.OperationId, offset = clock.Offset },
            cancellationToken: cancellationToken)) > 0;
    }

    // By id, so that no number of operations that nobody can read keeps others from being retried.
    private static async Task<List<(Guid Id, string? State, string? Workflow)>> ReadPageAsync(NpgsqlConnection connection, Guid? after, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(Guid, string?, string?)>(new CommandDefinition(
            $"""
            select u.operation_id, o.state, o.workflow_digest from unreadable_operations u left join operations o on o.id = u.operation_id
            where u.operation_id > coalesce(@after, '00000000-0000-0000-0000-000000000000'::uuid) order by u.operation_id limit {Page}
            """,
            new { after }, cancellationToken: cancellationToken))).AsList();

    private Task ResumeAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        """
        with readable as (delete from unreadable_operations where operation_id = @id returning operation_id)
        update operations o set next_due_at = now() + @offset from readable r where o.id = r.operation_id and o.finished_at is null
        """,
        new { id, offset = clock.Offset }, cancellationToken: cancellationToken));

    private async Task<string?> WhyUnreadableAsync(NpgsqlConnection connection, Guid id, string state, string workflow, CancellationToken cancellationToken)
    {
        try
        {
            _ = UnreadableRows.StateOf(state);
            await workflows.FindAsync(connection, workflow, cancellationToken);
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { StepRows.Select([id]) } };
            await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
                StepRows.Read(rows);
            return null;
        }
        catch (Exception error) when (UnreadableRows.Is(error))
        {
            return error.Message;
        }
    }
}
