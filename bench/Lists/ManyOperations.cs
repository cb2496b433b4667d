using Dapper;
using Npgsql;
using Saga.Bench.Full;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Verify;
using Saga.Registry.Operations;

namespace Saga.Bench.Lists;

/// <summary>
/// A registry with the past of <see cref="FullRegistry"/> and more ended operations of its tenants, over 90 days: each with a step and three lines of
/// history. One in fifty was undone, for one of ten reasons.
/// </summary>
internal static class ManyOperations
{
    // Of a transaction, so that no single one writes gigabytes of the log.
    private const int Page = 100_000;

    public static async Task FillAsync(string connectionString, int operations)
    {
        await FullRegistry.FillAsync(connectionString);
        var stored = StoredWorkflow.Of(VerifyWorkflow.Definition);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync("insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, @Version, @Json::jsonb) on conflict do nothing", new { stored.Digest, stored.Definition.Kind, stored.Definition.Version, stored.Json });
        for (var first = FullRegistry.Tenants; first < operations; first += Page)
        {
            await connection.ExecuteAsync(
                """
                create temporary table more on commit drop as
                select gen_random_uuid() as operation, t.id as tenant, n % 50 = 0 as undone, n / 50 % 10 as reason, now() - interval '90 days' + n * (interval '89 days' / @operations) as at
                from generate_series(@first, @last) n join (select id, row_number() over (order by slug) as number from tenants) t on t.number = 1 + n % @Tenants;
                insert into operations (id, kind, tenant_id, workflow_digest, state, input, failure, failed_at, next_due_at, requested_by, created_at, finished_at)
                select operation, @Kind, tenant, @Digest, case when undone then 'compensated' else 'completed' end, '{}',
                    case when undone then jsonb_build_object('code', 'reason-' || reason, 'message', 'It failed.', 'kind', 'permanent', 'system', 'keycloak') end, case when undone then at end,
                    null, 'bench', at, at from more;
                insert into operation_history (operation_id, at, event, step, attempt, fence, message_id)
                select operation, at, event, step, 1, 1, case when event <> 'stepDispatched' then gen_random_uuid() end
                from more cross join lateral (values (1, @Started, null), (2, @Dispatched, @Step), (3, case when undone then @Compensated else @Completed end, null)) e(number, event, step) order by at, number;
                insert into operation_steps (operation_id, step, status, fence, attempt, started_at, dispatched_at, deadline, finished_at, settled, held_fence)
                select operation, @Step, case when undone then 'compensated' else 'succeeded' end, 1, 1, at, at, at, at, true, 1 from more;
                """,
                new
                {
                    operations, first, last = Math.Min(first + Page, operations) - 1, FullRegistry.Tenants, stored.Digest, stored.Definition.Kind, Step = VerifyWorkflow.Definition.Steps[0].Name,
                    HistoryEvents.Started, Dispatched = HistoryEvents.StepDispatched, HistoryEvents.Compensated, HistoryEvents.Completed,
                },
                commandTimeout: 600);
        }

        await connection.ExecuteAsync("vacuum analyze", commandTimeout: 600);
    }
}
