using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Api.Failures;
using Saga.Api.Operations;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Operations;
using Saga.Registry.Retention;
using Saga.Registry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_old_rows_are_pruned
{
    private static readonly TimeSpan Days = TimeSpan.FromDays(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_let_old_operations_lose_their_details_and_keep_younger_and_unfinished_ones()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (old, young, stalled) = await OperationsAsync(registry);
        var (youngBefore, stalledBefore) = (await CountAsync(registry, young), await CountAsync(registry, stalled));
        var before = (await new OperationStore(registry).FindAsync(old, Cancellation))!;
        await registry.ExecuteAsync("insert into place_uses (server, database, operation_id) select 'main', 'saga_rows', id from operations");

        (await new RetentionStore(registry, new RegistryClock()).PruneOperationsAsync(Days, 100, Cancellation)).ShouldBe(1);
        (await new RetentionStore(registry, new RegistryClock()).PruneOperationsAsync(Days, 100, Cancellation)).ShouldBe(0, "once");

        (await CountAsync(registry, old)).ShouldBe((1, 0), "the last line of its history says when it ended");
        (await registry.ScalarAsync<bool>("select bool_and(operation_id <> @old) from place_uses", new { old })).ShouldBeTrue();
        (await CountAsync(registry, young)).ShouldBe(youngBefore);
        (await CountAsync(registry, stalled)).ShouldBe(stalledBefore);
        var after = (await new OperationStore(registry).FindAsync(old, Cancellation))!;
        (after.State, after.Version, after.UpdatedAt).ShouldBe((before.State, before.Version, before.UpdatedAt));
        after.Steps.Select(s => (s.Name, s.Status)).ShouldBe([("one", StepStatus.Succeeded), ("two", StepStatus.Succeeded)]);
        new OperationSummaryView(after, new FailureHelp(Options.Create(new FailureHelpOptions()))).StepsSucceeded.ShouldBe(2);
    }

    [Fact]
    public async Task Should_ignore_a_message_for_an_operation_that_lost_its_details()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var step = new ScriptedStep("one");
        await using var host = await EngineHost.StartAsync(registry, null, [step]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await host.EndAsync(operation);
        await registry.ExecuteAsync("update operations set finished_at = now() - interval '91 days'");
        await new RetentionStore(registry, new RegistryClock()).PruneOperationsAsync(Days, 100, Cancellation);

        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = operation, Step = "one", Fence = 1 });
        await host.SendAsync(Endpoints.Operations, new OperationForgotten { OperationId = operation });
        await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("one")));

        (await CountAsync(registry, operation)).ShouldBe((1, 0));
        step.Calls.Count.ShouldBe(2, "once for each operation");
    }

    [Fact]
    public async Task Should_delete_batches_that_ended_long_ago_or_were_not_run_in_time()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into batches (id, kind, state, input, wave_first, wave_factor, wave_max, stop_at_ratio, reason, prepared_by, created_at, expires_at, ended_at)
            select gen_random_uuid(), 'replays', state, '{}', 1, 5, 100, 0.2, name, 'ada', now(), now() + case when name = 'prepared' then interval '1 hour' else interval '0' end, ended_at
            from (values ('aborted', 'old', now() - interval '91 days'), ('aborted', 'young', now() - interval '89 days'), ('running', 'running', null), ('prepared', 'prepared', null), ('prepared', 'unused', null)) v(state, name, ended_at);
            insert into batch_items (batch_id, number, subject, expects) select id, 1, id, 'completed' from batches;
            """);

        (await new RetentionStore(registry, new RegistryClock()).PruneBatchesAsync(Days, 100, Cancellation)).ShouldBe(2);

        (await registry.ScalarAsync<string>("select string_agg(b.reason, ' ' order by b.reason) from batches b join batch_items i on i.batch_id = b.id")).ShouldBe("prepared running young");
        (await registry.ScalarAsync<long>("select count(*) from batch_items")).ShouldBe(3);
    }

    [Fact]
    public async Task Should_delete_scheduled_commands_that_ended_long_ago()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into scheduled_commands (id, kind, command, run_at, expires_at, state, needs_approval, requested_by, created_at, ended_at)
            select gen_random_uuid(), v.name, '{}', now() - interval '1 year', now(), v.state, false, 'ada', now() - interval '1 year', now() - v.ended
            from (values ('old', 'submitted', interval '91 days'), ('young', 'cancelled', interval '89 days'), ('waiting', 'scheduled', null)) v(name, state, ended)
            """);

        (await new RetentionStore(registry, new RegistryClock()).PruneScheduledAsync(Days, 100, Cancellation)).ShouldBe(1);

        (await registry.ScalarAsync<string>("select string_agg(kind, ' ' order by kind) from scheduled_commands")).ShouldBe("waiting young");
    }

    [Fact]
    public async Task Should_know_a_message_by_its_operation()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (first, second, message) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        Task LineAsync(Guid operation) => registry.ExecuteAsync(
            "insert into operation_history (operation_id, at, event, message_id) values (@operation, now(), 'test', @message)", new { operation, message });

        await LineAsync(first);
        await LineAsync(second);

        (await Should.ThrowAsync<PostgresException>(() => LineAsync(first))).SqlState.ShouldBe(PostgresErrorCodes.UniqueViolation);
    }

    [Fact]
    public async Task Should_delete_old_keys_but_of_operations_that_have_not_ended()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (old, young, stalled) = await OperationsAsync(registry);
        await registry.ExecuteAsync(
            """
            insert into idempotency_keys (caller, key, request_hash, operation_id, created_at) values
                ('ada', 'old', '', @old, now() - interval '31 days'), ('ada', 'young', '', @young, now() - interval '29 days'),
                ('ada', 'stalled', '', @stalled, now() - interval '31 days')
            """, new { old, young, stalled });

        (await new RetentionStore(registry, new RegistryClock()).PruneIdempotencyKeysAsync(TimeSpan.FromDays(30), 100, Cancellation)).ShouldBe(1);

        (await registry.ScalarAsync<string>("select string_agg(key, ' ' order by key) from idempotency_keys")).ShouldBe("stalled young");
    }

    [Fact]
    public async Task Should_drop_messages_that_nobody_takes()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into outbox (message_id, message_type, body, claimed_until, created_at) values
                (gen_random_uuid(), 'old', '', '-infinity', now() - interval '31 days'), (gen_random_uuid(), 'young', '', '-infinity', now() - interval '29 days')
            """);

        (await new RetentionStore(registry, new RegistryClock()).PruneOutboxAsync(TimeSpan.FromDays(30), 100, Cancellation)).ShouldBe(1);

        (await registry.ScalarAsync<string>("select message_type from outbox")).ShouldBe("young");
    }

    [Fact]
    public async Task Should_delete_dead_letters_that_were_returned_and_keep_those_that_nobody_saw_until_their_age_is_over()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into dead_letters (id, queue, message_id, body, is_binary, reason, detail, first_at, last_at, returned_at)
            select gen_random_uuid(), name, gen_random_uuid(), '', false, 'failed', '', now() - interval '200 days', now() - waited * interval '1 day', now() - returned * interval '1 day'
            from (values ('old', 91, null), ('young', 89, null), ('returned', 8, 8), ('just returned', 91, 6)) as v(name, waited, returned)
            """);

        (await new RetentionStore(registry, new RegistryClock()).PruneDeadLettersAsync(Days, 100, Cancellation)).ShouldBe(1);
        (await registry.ScalarAsync<string>("select string_agg(queue, ', ' order by queue) from dead_letters")).ShouldBe("just returned, returned, young");
        (await new RetentionStore(registry, new RegistryClock()).PruneReturnedDeadLettersAsync(TimeSpan.FromDays(7), 100, Cancellation)).ShouldBe(1);
        (await registry.ScalarAsync<string>("select string_agg(queue, ', ' order by queue) from dead_letters")).ShouldBe("just returned, young");
    }

    [Fact]
    public async Task Should_delete_dead_letters_by_itself()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into dead_letters (id, queue, message_id, body, is_binary, reason, detail, last_at, returned_at)
            select gen_random_uuid(), name, gen_random_uuid(), '', false, 'failed', '', now() - waited * interval '1 day', now() - returned * interval '1 day'
            from (values ('old', 91, null), ('young', 89, null), ('returned', 8, 8)) as v(name, waited, returned)
            """);

        await using var host = await EngineHost.StartAsync(registry, null, [], settings: ("Saga:Retention:IntervalSeconds", "1"));

        await Until.TrueAsync(async () => await registry.ScalarAsync<string>("select string_agg(queue, ' ') from dead_letters") == "young");
    }

    [Fact]
    public async Task Should_share_the_work_in_small_parts()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        for (var i = 0; i < 30; i++)
            await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"), notify: false);
        await registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() - interval '91 days'");

        var pruned = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var (all, last) = (0, 0);
            do
            {
                all += last = await new RetentionStore(registry, new RegistryClock()).PruneOperationsAsync(Days, 4, Cancellation);
                last.ShouldBeLessThanOrEqualTo(4);
            }
            while (last > 0);
            return all;
        })));

        pruned.Sum().ShouldBe(30);
    }

    [Fact]
    public async Task Should_happen_by_itself()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (old, _, _) = await OperationsAsync(registry);

        await using var host = await EngineHost.StartAsync(registry, null, [], settings: ("Saga:Retention:IntervalSeconds", "1"));

        await Until.TrueAsync(async () => await CountAsync(registry, old) == (1, 0));
    }

    // One operation that ended long ago, one that ended recently, and one that stalled long ago.
    private static async Task<(Guid Old, Guid Young, Guid Stalled)> OperationsAsync(NpgsqlDataSource registry)
    {
        await using var host = await EngineHost.StartAsync(registry, null,
        [
            new ScriptedStep("one"), new ScriptedStep("two"),
            new ScriptedStep("fails") { OnExecute = (_, _) => throw Permanent(), OnCompensate = (_, _) => throw Permanent() },
        ]);
        var (old, young, stalled) = (await host.SubmitAsync(EngineHost.Chain("one", "two")), await host.SubmitAsync(EngineHost.Chain("one", "two")), await host.SubmitAsync(EngineHost.Chain("fails")));
        (await host.EndAsync(old)).ShouldBe(OperationState.Completed);
        (await host.EndAsync(young)).ShouldBe(OperationState.Completed);
        (await host.EndAsync(stalled)).ShouldBe(OperationState.Stalled);
        await registry.ExecuteAsync(
            """
            update operations set finished_at = now() - interval '91 days' where id = @old;
            update operations set finished_at = now() - interval '89 days' where id = @young;
            update operations set created_at = now() - interval '91 days' where id = @stalled;
            """, new { old, young, stalled });
        return (old, young, stalled);
    }

    private static StepFailureException Permanent() => StepFailureException.Permanent("told-to-fail", "The test wants it so.");

    private static async Task<(long Lines, long Steps)> CountAsync(NpgsqlDataSource registry, Guid operation)
    {
        await using var connection = await registry.OpenConnectionAsync(Cancellation);
        return await connection.QuerySingleAsync<(long, long)>(
            "select (select count(*) from operation_history where operation_id = @operation), (select count(*) from operation_steps where operation_id = @operation)",
            new { operation });
    }
}
