using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Admission;
using Saga.Registry.Paging;
using Saga.Registry.Scopes;

namespace Saga.Registry.Operations;

/// <summary>Reads operations. Thread-safe.</summary>
public sealed class OperationStore(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-createdAt";

    private const string Select =
        """
        select o.id, o.kind, o.tenant_id, t.slug, o.state, w.definition, o.failure, o.requested_by, coalesce(newest.id, 0),
               o.created_at, coalesce(newest.at, o.created_at), o.finished_at,
               case when o.step_outcomes is null then (select coalesce(jsonb_agg(jsonb_build_object(
                    'name', s.step, 'stored', s.status, 'fence', s.fence, 'attempt', s.attempt, 'startedAt', s.started_at, 'dispatchedAt', s.dispatched_at,
                    'dueAt', s.due_at, 'deadline', s.deadline, 'finishedAt', s.finished_at, 'failure', s.failure, 'deferredBy', s.held_by, 'output', s.output, 'answer', s.answer, 'progress', s.progress, 'progressedAt', s.progressed_at,
                    'takenAt', s.taken_at, 'lostAt', case when s.holder is not null and s.held_fence = s.fence then s.lost_at end, 'deferredSince', s.deferred_since)), '[]')
                from operation_steps s where s.operation_id = o.id)
               else (select coalesce(jsonb_agg(jsonb_build_object('name', key, 'stored', value)), '[]') from jsonb_each(o.step_outcomes)) end as steps,
               o.parent_id, o.priority, o.cancellation, wait.since, wait.expires_at, holder.scope, holder.id, holder.kind, holder.waits, o.slot, o.slot_since,
               o.replay_of, (select r.id from operations r where r.replay_of = o.id order by r.created_at desc limit 1)
        from operations o left join tenants t on t.id = o.tenant_id join workflows w on w.digest = o.workflow_digest
            left join lateral (select id, at from operation_history h where h.operation_id = o.id order by h.id desc limit 1) newest on true
            left join operation_scope_waits wait on wait.operation_id = o.id
            left join lateral (
                select h.scope, b.id, b.kind, h.waits from (
                    select s.scope, s.operation_id, false as waits, 0 as position from operation_scopes s where s.scope = any(wait.scopes)
                    union all
                    select v.scope, e.operation_id, true, e.position from operation_scope_waits e cross join unnest(e.scopes) v(scope)
                    where e.scopes && wait.scopes and v.scope = any(wait.scopes) and e.position < wait.position and not e.refusing) h
                join operations b on b.id = h.operation_id
                order by h.waits, h.scope, h.position limit 1) holder on wait.operation_id is not null
        """;

    public async Task<Operation?> FindAsync(Guid id, CancellationToken cancellationToken = default)
    {
        await using var command = registry.CreateCommand($"{Select} where o.id = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>Whether an operation of this kind was ever accepted here, by this version or another one.</summary>
    public async Task<bool> HasKindAsync(string kind, CancellationToken cancellationToken = default)
    {
        await using var command = registry.CreateCommand("select exists (select from workflows where kind = $1)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The same for a step of any workflow.</summary>
    public async Task<bool> HasStepAsync(string step, CancellationToken cancellationToken = default)
    {
        await using var command = registry.CreateCommand("select exists (select from workflows where definition -> 'steps' @> jsonb_build_array(jsonb_build_object('name', $1)))");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = step });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    public async Task<Page<Operation>> ListAsync(OperationFilter filter, Cursor? after, int limit, CancellationToken cancellationToken = default)
    {
        await using var query = new ListQuery(registry, Select);
        if (filter.States is { } states)
            query.Where($"o.state = any({query.Add(states.Select(OperationStateNames.Of).ToArray())})");
        if (filter.Kind is { } kind)
            query.Where($"o.kind = {query.Add(kind)}");
        if (filter.TenantId is { } tenant)
            query.Where($"o.tenant_id = {query.Add(tenant.Value)}");
        if (filter.TenantSlug is { } slug)
            query.Where($"t.slug = {query.Add(slug.ToString())}");
        if (filter.ParentId is { } parent)
            query.Where($"o.parent_id = {query.Add(parent)}");
        if (filter.Step is { } step)
        {
            query.Where(
                $"""
                exists (select from operation_steps s
                        where s.operation_id = o.id and s.step = any({query.Add(StepAliases.Spellings(step).ToArray())})
                          and s.status not in ({StepStatusSql.Quiet}))
                """);
        }

        query.OrderBy("o.created_at", "o.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.CreatedAt), last.Id), cancellationToken);
    }

    internal static string Name(OperationPriority priority) => priority.ToString().ToLowerInvariant();

    private static Operation Read(NpgsqlDataReader row)
    {
        var workflow = JsonSerializer.Deserialize<WorkflowDefinition>(row.GetString(5), Json.Options)!;
        var state = row.GetString(4);
        var known = OperationStateNames.TryRead(state, out var read);
        var (steps, unknown) = Steps(JsonElement.Parse(row.GetString(12)));
        return new Operation
        {
            Id = row.GetGuid(0),
            Kind = row.GetString(1),
            TenantId = row.IsDBNull(2) ? null : new TenantId(row.GetGuid(2)),
            TenantSlug = row.IsDBNull(3) ? null : Slug.Parse(row.GetString(3)),
            ParentId = row.IsDBNull(13) ? null : row.GetGuid(13),
            ReplayOf = row.IsDBNull(24) ? null : row.GetGuid(24),
            ReplayedBy = row.IsDBNull(25) ? null : row.GetGuid(25),
            Priority = Enum.TryParse<OperationPriority>(row.GetString(14), ignoreCase: true, out var priority) ? priority : null,
            State = known ? read : null,
            UnknownState = known ? null : state,
            Workflow = workflow,
            Failure = row.IsDBNull(6) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(6), Json.Options),
            Cancellation = row.IsDBNull(15) ? null : JsonSerializer.Deserialize<Cancellation>(row.GetString(15), Json.Options),
            Awaits = row.IsDBNull(16) ? null : new AwaitedScope(
                row.GetFieldValue<DateTimeOffset>(16), row.IsDBNull(17) ? null : row.GetFieldValue<DateTimeOffset>(17),
                row.IsDBNull(18) ? null : new ScopeHolder(row.GetString(18), row.GetGuid(19), row.GetString(20)) { Waits = row.GetBoolean(21) }),
            Slot = Slots.Read(row.GetString(22)),
            SlotSince = row.GetFieldValue<DateTimeOffset>(23),
            RequestedBy = row.GetString(7),
            Version = row.GetInt64(8),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(9),
            UpdatedAt = row.GetFieldValue<DateTimeOffset>(10),
            FinishedAt = row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11),
            Steps = StepRun.InOrder(workflow, steps),
            UnknownStatuses = unknown,
        };
    }

    // Values of a newer version are shown as stored, because operators need to see such operations in lists.
    private static (List<StepRun> Steps, Dictionary<string, string> Unknown) Steps(JsonElement rows)
    {
        var steps = new List<StepRun>(rows.GetArrayLength());
        var unknown = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in rows.EnumerateArray())
        {
            var step = row.Deserialize<StepRun>(Json.Options)!;
            var stored = row.GetProperty("stored").GetString()!;
            if (StepStatusNames.TryRead(stored, out var status))
                step = step with { Status = status };
            else
                unknown[step.Name] = stored;
            steps.Add(step);
        }

        return (steps, unknown);
    }
}
