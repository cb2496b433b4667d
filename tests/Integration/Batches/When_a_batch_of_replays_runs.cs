using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Batches;

public sealed class When_a_batch_of_replays_runs : BatchTest
{
    [Fact]
    public async Task Should_replay_exactly_what_was_prepared_and_has_not_changed()
    {
        await using var host = await StartAsync();
        var operations = await StalledAsync(host, 7);
        var batch = await PrepareAsync(host, OfStalled(first: 2, ratio: 1));
        var later = (await StalledAsync(host, 1)).Single();
        Mended = true;
        await host.Services.GetRequiredService<ICommandIntake<ReplayOperation>>().SubmitAsync(
            new() { OperationId = operations[3], Reason = "By hand." }, Caller.OfToken("grace", isAdministrator: true), TestContext.Current.CancellationToken);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<string>("select state from operations where id = @id", new { id = operations[3] }) == "completed", "the one by hand completes");

        var operation = await RunAsync(host, batch);

        var ended = await UntilAsync(host, batch, BatchState.Completed);
        Counts(ended).ShouldBe("6 Succeeded, 1 Refused");
        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        var items = (await Store(host).ListItemsAsync(batch, null, null, null, 100, TestContext.Current.CancellationToken)).Items;
        items.Select(i => i.Subject).ShouldBe(operations);
        items[3].Failure!.Code.ShouldBe(RejectionCodes.OperationMoved);
        items.Select(i => i.Wave).ShouldBe([1, 1, 2, 2, 2, 2, 2]);
        items.ShouldAllBe(i => i.Seen == null, "nobody has looked");
        await Registry.ExecuteAsync("update replay_checks set outcome = case operation_id when @First then 'contradicted' else 'verified' end, judged_at = now()", new { First = operations[0] });
        (await Store(host).CountSeenAsync(batch, TestContext.Current.CancellationToken)).OrderBy(s => s.Key).Select(s => $"{s.Value} {s.Key}").ShouldBe(["5 Verified", "1 Contradicted"]);
        (await Store(host).ListItemsAsync(batch, null, ReplayStage.Contradicted, null, 100, TestContext.Current.CancellationToken)).Items.Single().Subject.ShouldBe(operations[0]);
        (await Registry.ScalarAsync<string>("select state from operations where id = @later", new { later })).ShouldBe("stalled", "it was not in the batch");
        (await host.HistoryAsync(operation)).ShouldBe(["accepted", "started", "stepAwaiting:batch.await", "waveBegun", "batchCompleted", "waitAnswered:batch.await", "stepSucceeded:batch.await", "completed"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_pause_by_itself_when_too_many_fail_again_and_go_on_when_it_is_resumed()
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 6);
        var batch = await PrepareAsync(host, OfStalled(first: 2));
        await RunAsync(host, batch);

        var paused = await UntilAsync(host, batch, BatchState.Paused);
        Counts(paused).ShouldBe("4 Pending, 2 Failed");
        paused.PauseReason.ShouldBe("2 of 2 items of the wave failed. Look at them, then resume or abort the batch.");

        Mended = true;
        (await OrderAsync(host, batch, BatchOrder.Resume)).ShouldBe("");
        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("4 Succeeded, 2 Failed");

        // What failed can be a batch again.
        var again = await PrepareAsync(host, new() { Filter = new() { FailedIn = batch }, Reason = "It is mended." });
        await RunAsync(host, again);
        Counts(await UntilAsync(host, again, BatchState.Completed)).ShouldBe("2 Succeeded");
    }

    [Fact]
    public async Task Should_order_each_item_once_whichever_orchestrator_goes_on()
    {
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var worker = await StartAsync(bus);
        var operations = await StalledAsync(worker, 12);
        var first = await StartAsync(bus, works: false);
        await using var second = await StartAsync(bus, works: false);
        var batch = await PrepareAsync(first, OfStalled(first: 3));
        Mended = true;
        await RunAsync(first, batch);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state <> 'pending'") > 0, "it has begun");
        await first.DisposeAsync();

        Counts(await UntilAsync(second, batch, BatchState.Completed)).ShouldBe("12 Succeeded");
        (await Registry.ScalarAsync<long>("select count(*) from operation_history where event = 'replayRequested' and operation_id = any(@operations)", new { operations })).ShouldBe(12);
    }

    [Fact]
    public async Task Should_order_an_item_once_when_its_beginning_was_not_written_down()
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 3);
        var batch = await PrepareAsync(host, OfStalled(first: 3));
        Mended = true;
        await Registry.ExecuteAsync(
            """
            create table losses (number int);
            create function lose() returns trigger language plpgsql as $$
            begin
                if exists (select from losses) then
                    return new;
                end if;
                insert into losses values (new.number);
                return null;
            end $$;
            create trigger lose before update on batch_items for each row when (new.state = 'running') execute function lose();
            """);
        await RunAsync(host, batch);

        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("3 Succeeded");
        (await Registry.ScalarAsync<long>("select count(*) from losses")).ShouldBe(1, "the beginning was lost once");
        (await Registry.ScalarAsync<long>("select count(*) from operation_history where event = 'replayRequested'")).ShouldBe(3);
    }

    [Fact]
    public async Task Should_begin_no_faster_than_its_rate()
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 3);
        var batch = await PrepareAsync(host, OfStalled(first: 3, rate: 1));
        Mended = true;
        await RunAsync(host, batch);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'succeeded'") == 1, "one has begun and ended");

        (await Registry.ScalarAsync<bool>("select next_item_at > now() + interval '30 seconds' from batches")).ShouldBeTrue();
        (await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'pending'")).ShouldBe(2);
        // A minute later the next one begins.
        await Registry.ExecuteAsync("update batches set next_item_at = next_item_at - interval '1 minute'");
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'succeeded'") == 2, "the next one begins");
    }

    [Fact]
    public async Task Should_begin_nothing_more_once_it_is_paused()
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 3);
        var batch = await PrepareAsync(host, OfStalled(first: 3));
        Mended = true;
        // The order comes while the wave is begun.
        await DuringAsync("after update on batch_items for each row when (new.state = 'running')", "update batches set state = 'paused' where id = new.batch_id");
        await RunAsync(host, batch);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'succeeded'") == 1, "what has begun goes on");
        Counts(await UntilAsync(host, batch, BatchState.Paused)).ShouldBe("2 Pending, 1 Succeeded");
        (await Registry.ScalarAsync<long>("select count(*) from operation_history where event = 'replayRequested'")).ShouldBe(1);

        await Registry.ExecuteAsync("drop trigger during on batch_items");
        (await OrderAsync(host, batch, BatchOrder.Resume)).ShouldBe("");
        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("3 Succeeded");
    }

    [Fact]
    public async Task Should_say_that_an_item_began_though_the_batch_was_aborted_at_that_moment()
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 2);
        var batch = await PrepareAsync(host, OfStalled(first: 2));
        Mended = true;
        await DuringAsync(
            "after insert on operation_history for each row when (new.event = 'replayRequested')",
            "update batches set state = 'aborted', ended_at = now(); update batch_items set state = 'skipped', ended_at = now() where state = 'pending'");
        var operation = await RunAsync(host, batch);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        Counts(await UntilAsync(host, batch, BatchState.Aborted)).ShouldBe("1 Succeeded, 1 Skipped");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_skip_what_has_not_begun_when_it_is_aborted_or_its_operation_is_cancelled(bool abort)
    {
        await using var host = await StartAsync();
        await StalledAsync(host, 4);
        var batch = await PrepareAsync(host, OfStalled(first: 1));
        var operation = await RunAsync(host, batch);
        await UntilAsync(host, batch, BatchState.Paused);

        if (abort)
        {
            (await OrderAsync(host, batch, BatchOrder.Abort)).ShouldBe("");
        }
        else
        {
            (await host.Services.GetRequiredService<ICommandIntake<CancelOperation>>().SubmitAsync(
                new() { OperationId = operation, Reason = "No more." }, Caller.OfToken("ada"), TestContext.Current.CancellationToken)).ShouldBeOfType<CommandAccepted>();
        }

        Counts(await UntilAsync(host, batch, BatchState.Aborted)).ShouldBe("1 Failed, 3 Skipped");
        (await host.EndAsync(operation)).ShouldBe(abort ? OperationState.Completed : OperationState.Cancelled);
        (await OrderAsync(host, batch, BatchOrder.Resume)).ShouldBe("The batch is aborted. Only one that is paused can be resumed.");
    }

    [Fact]
    public async Task Should_not_let_an_operator_give_commands_again()
    {
        await using var host = await StartAsync();
        var ended = await StalledAsync(host, 1);
        await Registry.ExecuteAsync("update operations set state = 'compensated', finished_at = now()");
        var batch = await PrepareAsync(host, new() { Ids = ended, Reason = "Once more." });
        await host.Services.GetRequiredService<ICommandIntake<RunBatch>>().SubmitAsync(
            new() { BatchId = batch, AsOperator = true }, Caller.OfToken("olga"), TestContext.Current.CancellationToken);

        await UntilAsync(host, batch, BatchState.Completed);

        (await Store(host).ListItemsAsync(batch, [BatchItemState.Refused], null, null, 10, TestContext.Current.CancellationToken)).Items.Single().Failure!.Code.ShouldBe(RejectionCodes.Forbidden);
    }

    private Task DuringAsync(string when, string then) => Registry.ExecuteAsync(
        $"""
        create function during() returns trigger language plpgsql as $$ begin {then}; return null; end $$;
        create trigger during {when} execute function during();
        """);
}
