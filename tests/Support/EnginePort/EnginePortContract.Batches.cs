using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Replays;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    private static readonly TimeSpan ClaimOfBatch = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Should_give_a_batch_to_one_runner_until_its_claim_ends()
    {
        var batch = await RunningAsync(await StalledAsync());

        var claim = (await TakeAsync()).ShouldHaveSingleItem();
        (claim.Batch.Id, claim.Batch.State, claim.Batch.Wave, claim.Batch.WaveSize, claim.OperationEnded).ShouldBe((batch, BatchState.Running, 1, 2, false));
        (await TakeAsync()).ShouldBeEmpty("another one has it");

        World.Advance(ClaimOfBatch + TimeSpan.FromSeconds(1));
        var later = (await TakeAsync()).ShouldHaveSingleItem();
        (await World.BatchRuns.NextAsync(claim, default)).ShouldBeNull("its claim is lost");
        await World.BatchRuns.ReleaseAsync(claim, default);
        (await TakeAsync()).ShouldBeEmpty("only who has it can give it back");
        await World.BatchRuns.ReleaseAsync(later, default);
        (await TakeAsync()).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_run_a_batch_once()
    {
        var batch = await RunningAsync(await StalledAsync());

        (await Should.ThrowAsync<PostgresException>(() => RunAsync(batch))).SqlState.ShouldBe(BatchStore.NotPrepared);
    }

    [Fact]
    public async Task Should_prepare_nothing_for_operations_that_do_not_exist() =>
        (await World.Operators.PrepareReplaysAsync(Prepared(), [Guid.CreateVersion7()], null)).ShouldBe(0);

    [Fact]
    public async Task Should_order_an_item_once_and_write_down_what_became_of_it()
    {
        var operation = await StalledAsync();
        await RunningAsync(operation);
        var claim = (await TakeAsync()).Single();
        var item = (await World.BatchRuns.NextAsync(claim, default))!;
        (item.Number, item.Subject, item.State).ShouldBe((1, operation, BatchItemState.Pending));
        var command = new ReplayOperation { OperationId = operation, Reason = "It is mended.", ExpectedVersion = item.Version, IdempotencyKey = "item-1" };

        (await World.Operators.ReplayAsync(command, "runner"))!.Result.ShouldBe(ReplayResult.Accepted);
        (await World.Operators.ReplayAsync(command, "runner"))!.Result.ShouldBe(ReplayResult.Repeated);
        (await World.Operators.ReplayAsync(command with { IdempotencyKey = "another" }, "runner"))!.Result.ShouldBe(ReplayResult.Moved);
        (await World.Operators.ReplayAsync(command, "somebody else"))!.Result.ShouldBe(ReplayResult.Moved);

        await World.BatchRuns.BegunAsync(claim, item, operation, "item-1", default);
        await World.BatchRuns.SettleAsync(claim.Batch.Id, "runner", default);
        (await ItemAsync(claim)).State.ShouldBe(BatchItemState.Running, "it stalled before it was ordered");
        (await World.BatchRuns.ProgressAsync(claim.Batch, default)).ShouldBe(new(WaveSize: 2, Begun: 1, Open: 1, Failed: 0, Pending: 0));

        await StallAsync(operation);
        await World.BatchRuns.SettleAsync(claim.Batch.Id, "runner", default);
        var failed = await ItemAsync(claim);
        (failed.State, failed.Wave, failed.OperationId, failed.Failure?.Code).ShouldBe((BatchItemState.Failed, 1, operation, "broken"));
        (await World.BatchRuns.ProgressAsync(claim.Batch, default)).ShouldBe(new(WaveSize: 2, Begun: 1, Open: 0, Failed: 1, Pending: 0));
    }

    [Fact]
    public async Task Should_write_nothing_of_a_batch_for_a_runner_that_lost_it()
    {
        var operation = await StalledAsync();
        await RunningAsync(operation);
        var lost = (await TakeAsync()).Single();
        var item = (await World.BatchRuns.NextAsync(lost, default))!;
        World.Advance(ClaimOfBatch + TimeSpan.FromSeconds(1));
        var claim = (await TakeAsync()).Single();

        await World.BatchRuns.BegunAsync(lost, item, operation, "item-1", default);
        await World.BatchRuns.RefusedAsync(lost, item, Broken(), default);
        await World.BatchRuns.DecideAsync(lost, new BatchDecision.Complete(), default);
        await World.BatchRuns.CloseAsync(lost, default);

        (await ItemAsync(claim)).State.ShouldBe(BatchItemState.Pending);
        (await World.Operators.FindAsync(claim.Batch.Id))!.State.ShouldBe(BatchState.Running);
        (await World.BatchRuns.NextAsync(claim, default)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_begin_no_item_of_a_batch_that_was_paused_and_go_on_with_another_wave()
    {
        var operations = new[] { await StalledAsync(), await StalledAsync() };
        var batch = await RunningAsync(operations);
        var claim = (await TakeAsync()).Single();
        await World.BatchRuns.BegunAsync(claim, (await World.BatchRuns.NextAsync(claim, default))!, operations[0], "item-1", default);

        (await World.Operators.OrderAsync(batch, BatchOrder.Pause, "ada", "Wait.")).ShouldBe("");
        (await World.Operators.OrderAsync(batch, BatchOrder.Pause, "ada", "Wait.")).ShouldBe("", "it is paused already");
        (await World.BatchRuns.NextAsync(claim, default)).ShouldBeNull();
        await World.BatchRuns.DecideAsync(claim, new BatchDecision.Complete(), default);
        var paused = (await World.Operators.FindAsync(batch))!;
        (paused.State, paused.PauseReason).ShouldBe((BatchState.Paused, "ada: Wait."));

        (await World.Operators.OrderAsync(batch, BatchOrder.Resume, "ada", "Go on.")).ShouldBe("");
        var again = (await TakeAsync()).ShouldHaveSingleItem("it is looked at at once");
        (again.Batch.Wave, again.Batch.PauseReason).ShouldBe((2, null));
        (await World.BatchRuns.ProgressAsync(again.Batch, default)).ShouldBe(new(WaveSize: 2, Begun: 0, Open: 1, Failed: 0, Pending: 1));
        (await World.BatchRuns.NextAsync(again, default))!.Subject.ShouldBe(operations[1]);
    }

    [Fact]
    public async Task Should_skip_what_has_not_begun_when_a_batch_is_aborted_except_what_begins_at_that_moment()
    {
        var operations = new[] { await StalledAsync(), await StalledAsync() };
        var batch = await RunningAsync(operations);
        var claim = (await TakeAsync()).Single();
        var item = (await World.BatchRuns.NextAsync(claim, default))!;

        (await World.Operators.OrderAsync(batch, BatchOrder.Abort, "ada", "No more.")).ShouldBe("");
        await World.BatchRuns.BegunAsync(claim, item, operations[0], "item-1", default);

        (await World.Operators.ItemsAsync(batch)).Select(i => i.State).ShouldBe([BatchItemState.Running, BatchItemState.Skipped]);
        var aborted = (await World.Operators.FindAsync(batch))!;
        (aborted.State, aborted.EndedBy, aborted.EndReason).ShouldBe((BatchState.Aborted, "ada", "No more."));
        (await World.Operators.OrderAsync(batch, BatchOrder.Resume, "ada", "Go on.")).ShouldBe("The batch is aborted. Only one that is paused can be resumed.");
        await World.BatchRuns.CloseAsync(claim, default);
        World.Advance(ClaimOfBatch + TimeSpan.FromSeconds(1));
        (await TakeAsync()).ShouldBeEmpty("it is closed");
    }

    [Fact]
    public async Task Should_allow_no_more_items_than_the_rate_of_a_batch()
    {
        var operations = new[] { await StalledAsync(), await StalledAsync() };
        await RunningAsync(perMinute: 1, operations);
        var claim = (await TakeAsync()).Single();
        claim.Allowed.ShouldBe(1);
        await World.BatchRuns.BegunAsync(claim, (await World.BatchRuns.NextAsync(claim, default))!, operations[0], "item-1", default);
        await World.BatchRuns.ReleaseAsync(claim, default);

        var early = (await TakeAsync()).Single();
        early.Allowed.ShouldBe(0);
        await World.BatchRuns.ReleaseAsync(early, default);
        World.Advance(TimeSpan.FromMinutes(1));
        (await TakeAsync()).Single().Allowed.ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_take_the_refused_order_of_somebody_else_for_that_of_the_item()
    {
        var operation = await StalledAsync();
        await RunningAsync(operation);
        var claim = (await TakeAsync()).Single();
        var item = (await World.BatchRuns.NextAsync(claim, default))!;
        await World.Operators.ReplayAsync(new() { OperationId = operation, Reason = "It is mended.", IdempotencyKey = "item-1" }, "runner");
        await World.BatchRuns.BegunAsync(claim, item, operation, "item-1", default);

        await RefuseAsync(operation, "ada");
        await World.BatchRuns.SettleAsync(claim.Batch.Id, "runner", default);
        (await ItemAsync(claim)).State.ShouldBe(BatchItemState.Running);

        await RefuseAsync(operation, "runner");
        await World.BatchRuns.SettleAsync(claim.Batch.Id, "runner", default);
        (await ItemAsync(claim)).State.ShouldBe(BatchItemState.Refused);
    }

    [Fact]
    public async Task Should_find_what_was_ordered_and_not_written_down()
    {
        var operation = await StalledAsync();
        await RunningAsync(operation);
        var claim = (await TakeAsync()).Single();
        var item = (await World.BatchRuns.NextAsync(claim, default))!;
        (await World.BatchRuns.OrderedAsync(item, "runner", "item-1", default)).ShouldBeNull();

        await World.Operators.ReplayAsync(new() { OperationId = operation, Reason = "It is mended.", IdempotencyKey = "item-1" }, "runner");

        (await World.BatchRuns.OrderedAsync(item, "runner", "item-1", default)).ShouldBe(operation);
        (await World.BatchRuns.OrderedAsync(item, "runner", "item-2", default)).ShouldBeNull();
        (await World.BatchRuns.OrderedAsync(item, "somebody else", "item-1", default)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_recover_what_was_ordered_before_a_batch_was_aborted_and_order_nothing_afterwards()
    {
        var operations = new[] { await StalledAsync(), await StalledAsync() };
        var batch = await RunningAsync(operations);
        var claim = (await TakeAsync()).Single();
        await World.Operators.ReplayAsync(new() { OperationId = operations[0], Reason = "It is mended.", IdempotencyKey = "item-1" }, "runner", claim.Batch.OperationId);

        await World.Operators.OrderAsync(batch, BatchOrder.Abort, "ada", "No more.");

        (await World.Operators.ReplayAsync(new() { OperationId = operations[1], Reason = "It is mended.", IdempotencyKey = "item-2" }, "runner", claim.Batch.OperationId))!.Result.ShouldBe(ReplayResult.Refused);
        (await World.Operators.ItemsAsync(batch)).Select(i => i.State).ShouldBe([BatchItemState.Skipped, BatchItemState.Skipped]);
        await World.BatchRuns.RecoverAsync(claim, "runner", "item-", default);
        var items = await World.Operators.ItemsAsync(batch);
        items.Select(i => i.State).ShouldBe([BatchItemState.Running, BatchItemState.Skipped]);
        (items[0].OperationId, items[0].Wave, items[0].EndedAt).ShouldBe((operations[0], 1, null));
    }

    [Fact]
    public async Task Should_find_an_operation_that_ended()
    {
        var operation = await StalledAsync();
        (await World.Operators.FindEndedAsync(operation)).ShouldBeNull();
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Compensated, Broken(), null), History = [new HistoryLine(HistoryEvents.Compensated)] });

        (await World.Operators.FindEndedAsync(operation))!.Replay.ShouldBeNull();
        (await World.Operators.ReplayAsync(new() { OperationId = operation, Reason = "Again." }, "ada"))!.Result.ShouldBe(ReplayResult.Refused);
    }

    private async Task<Guid> StalledAsync()
    {
        var operation = await World.AcceptAsync(Workflow);
        await StallAsync(operation);
        return operation;
    }

    private Task StallAsync(Guid operation) => CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Failed, Fence = 1, Attempt = 1, Failure = Broken() }, null)) with
    {
        Row = new StoredOperation(OperationState.Stalled, Broken(), null), History = [new HistoryLine(HistoryEvents.Stalled)],
    });

    private Task RefuseAsync(Guid operation, string by) => CommitAsync(Change(operation) with
    {
        Row = new StoredOperation(OperationState.Running, null, null), History = [new HistoryLine(HistoryEvents.ReplayRefused, Data: new { by })],
    });

    private static Failure Broken() => new() { Code = "broken", Message = "It is broken.", Kind = FailureKind.Permanent };

    private static Batch Prepared(int? perMinute = null) => new()
    {
        Id = Guid.CreateVersion7(), Kind = BatchKind.Replays, State = BatchState.Prepared, Input = JsonElement.Parse("{}"), Pace = new(First: 2, Factor: 1, Max: 2, perMinute, StopAtFailureRatio: 1),
        Reason = "It is mended.", PreparedBy = "ada", CreatedAt = TimeProvider.System.GetUtcNow(), ExpiresAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1),
    };

    private Task<Guid> RunningAsync(params Guid[] operations) => RunningAsync(null, operations);

    private async Task<Guid> RunningAsync(int? perMinute, params Guid[] operations)
    {
        var batch = Prepared(perMinute);
        (await World.Operators.PrepareReplaysAsync(batch, operations, null)).ShouldBe(operations.Length);
        (await RunAsync(batch.Id)).ShouldBeNull();
        return batch.Id;
    }

    private Task<AcceptanceConflict?> RunAsync(Guid batch) => World.Operators.RunAsync(batch, now => new()
    {
        OperationId = Guid.CreateVersion7(), TenantId = null, Scopes = [], Workflow = Registry.Operations.StoredWorkflow.Of(Workflow), Input = "{}", Caller = "ada", At = now, AuditAction = "batch.run", AuditDetail = "{}", NeedsSlot = false,
    });

    private Task<IReadOnlyList<BatchClaim>> TakeAsync() => World.BatchRuns.TakeAsync(10, ClaimOfBatch, default);

    private async Task<BatchItem> ItemAsync(BatchClaim claim) => (await World.Operators.ItemsAsync(claim.Batch.Id)).Single();
}
