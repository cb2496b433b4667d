using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Registry.Audit;
using Saga.Registry.Schedule;

namespace Saga.Registry.Plans;

/// <summary>Writes versions of plans. Those who write one plan at once wait for each other. Thread-safe.</summary>
public sealed class PlanWriter(NpgsqlDataSource registry, RegistryClock clock)
{
    // Programs of the version before read the definition of a new plan here, with the limits as they know them.
    private const string AddPlan =
        """
        insert into plans (name, definition, current_version)
        select @Name, jsonb_set(d, '{limits}', d -> 'limits' || jsonb_build_object('storageMegabytes', (d #>> '{limits,storageGib}')::bigint * 1024, 'requestsPerMinute', @Burst)), 0
        from (select @Definition::jsonb as d) given
        on conflict (name) do nothing
        """;

    private const string AddVersion =
        """
        insert into plan_versions (name, version, definition, note, created_by)
        select @Name, 1 + coalesce((select max(version) from plan_versions where name = @Name), 0), @Definition::jsonb, @Note, @Actor
        where not exists (select from plan_versions where name = @Name and version = @Current and definition = @Definition::jsonb)
        """;

    /// <summary>Adds a version of a plan, or the plan itself, and makes it the current one. A definition that is current already adds nothing.</summary>
    /// <param name="order">What is written, by whom.</param>
    /// <param name="cancellationToken">Cancels the transaction until it commits.</param>
    public async Task<PlanWriteAnswer> WriteAsync(PlanWriteOrder order, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var current = await LockAsync(transaction, order, cancellationToken);
        if (order.Replaces is { } replaces && replaces != current)
            return new PlanWriteAnswer.Stale(current);
        var version = await AddAsync(transaction, order, current, cancellationToken);
        var scheduled = order.Apply ? await PlanMigrations.ScheduleAsync(transaction, order, clock, cancellationToken) : 0;
        if (version != current || order.Apply)
        {
            var detail = new { plan = order.Plan.Name, version, order.Note, order.Apply, scheduled };
            await ExecuteAsync(
                transaction,
                $"""
                insert into audit (actor, action, origin, reason, before, after, detail)
                values (@Actor, '{AuditActions.PlanPut}', @Origin, @Note, @Before::jsonb, @After::jsonb, @Detail::jsonb)
                """,
                new
                {
                    order.Actor,
                    Origin = AuditOrigin.Current,
                    order.Note,
                    Before = current == 0 ? null : JsonSerializer.Serialize(new { version = current }, Json.Options),
                    After = JsonSerializer.Serialize(new { version }, Json.Options),
                    Detail = JsonSerializer.Serialize(detail, Json.Options),
                },
                cancellationToken);
        }

        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        if (!order.DryRun)
            await transaction.CommitAsync(CancellationToken.None);
        return new PlanWriteAnswer.Written(order.Plan with { Version = version }, current == 0, version != current, scheduled);
    }

    // Of two who add the same plan, the second waits for the first. Returns the current version; 0 for a new plan.
    private static async Task<int> LockAsync(NpgsqlTransaction transaction, PlanWriteOrder order, CancellationToken cancellationToken)
    {
        await ExecuteAsync(transaction, AddPlan, new { order.Plan.Name, Definition = Text(order.Plan), Burst = PlanSetting.DefaultMaximum }, cancellationToken);
        return await transaction.Connection!.ExecuteScalarAsync<int>(new CommandDefinition(
            "select current_version from plans where name = @Name for no key update", new { order.Plan.Name }, transaction, cancellationToken: cancellationToken));
    }

    private static async Task<int> AddAsync(NpgsqlTransaction transaction, PlanWriteOrder order, int current, CancellationToken cancellationToken)
    {
        if (await ExecuteAsync(transaction, AddVersion, new { order.Plan.Name, Definition = Text(order.Plan), order.Note, order.Actor, Current = current }, cancellationToken) == 0)
            return current;
        return await transaction.Connection!.ExecuteScalarAsync<int>(new CommandDefinition(
            "update plans set current_version = (select max(version) from plan_versions where name = @Name) where name = @Name returning current_version",
            new { order.Plan.Name }, transaction, cancellationToken: cancellationToken));
    }

    private static Task<int> ExecuteAsync(NpgsqlTransaction transaction, string sql, object values, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancellationToken));

    private static string Text(Plan plan) => JsonSerializer.Serialize(plan, Json.Options);
}
