using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_replay_is_judged
{
    [Theory]
    [InlineData(OperationState.Stalled, false, false, ReplayStage.Requested)]
    [InlineData(OperationState.Stalled, true, false, ReplayStage.FailedAgain)]
    [InlineData(OperationState.Accepted, false, false, ReplayStage.Requested)]
    [InlineData(OperationState.Running, true, false, ReplayStage.Running)]
    [InlineData(OperationState.Compensating, true, false, ReplayStage.Running)]
    [InlineData(OperationState.Compensating, true, true, ReplayStage.Running)]
    [InlineData(OperationState.Completed, true, false, ReplayStage.Running)]
    [InlineData(OperationState.Completed, true, true, ReplayStage.FailedAgain)]
    [InlineData(OperationState.Compensated, true, true, ReplayStage.Running)]
    [InlineData(OperationState.Compensated, true, false, ReplayStage.FailedAgain)]
    [InlineData(OperationState.Cancelled, true, true, ReplayStage.Running)]
    [InlineData(OperationState.Cancelled, true, false, ReplayStage.FailedAgain)]
    [InlineData(null, true, false, ReplayStage.Running)]
    public void Should_be_where_the_operation_is_until_somebody_has_looked(OperationState? state, bool carriedOut, bool expectsUndone, ReplayStage stage) =>
        ReplayOutcome.StageOf(new() { State = state, CarriedOut = carriedOut, ExpectsUndone = expectsUndone }).ShouldBe(stage);

    [Theory]
    [InlineData(OperationState.Completed, ReplayStage.Verified)]
    [InlineData(OperationState.Compensated, ReplayStage.FailedAgain)]
    [InlineData(OperationState.Stalled, ReplayStage.FailedAgain)]
    [InlineData(OperationState.Running, ReplayStage.Running)]
    public void Should_be_what_was_seen_only_of_what_ended_as_ordered(OperationState state, ReplayStage stage) =>
        ReplayOutcome.StageOf(new() { State = state, CarriedOut = true, ExpectsUndone = false, Seen = ReplayStage.Verified }).ShouldBe(stage);

    [Theory, InlineData(OperationState.Stalled), InlineData(OperationState.Completed)]
    public void Should_be_refused_whatever_became_of_the_operation(OperationState state) =>
        ReplayOutcome.StageOf(new() { State = state, CarriedOut = false, WasRefused = true, ExpectsUndone = false }).ShouldBe(ReplayStage.Refused);

    [Theory]
    [InlineData(OperationState.Completed, 0, 0, false, ReplayStage.Verified)]
    [InlineData(OperationState.Completed, 1, 0, false, ReplayStage.Contradicted)]
    [InlineData(OperationState.Completed, 2, 3, true, ReplayStage.Contradicted)]
    [InlineData(OperationState.Completed, 0, 1, false, ReplayStage.Unverified)]
    [InlineData(OperationState.Completed, 0, 0, true, ReplayStage.Unverified)]
    [InlineData(OperationState.Stalled, 0, 0, false, ReplayStage.Unverified)]
    [InlineData(OperationState.Cancelled, 0, 0, false, ReplayStage.Unverified)]
    [InlineData(null, 0, 0, false, ReplayStage.Unverified)]
    public void Should_be_verified_only_by_a_scan_that_saw_everything(OperationState? scan, long differences, long unread, bool isDisturbed, ReplayStage stage) =>
        ReplayOutcome.Judge(new(scan, differences, unread, isDisturbed)).Stage.ShouldBe(stage);

    [Theory]
    [InlineData(0, true, true, 4, true)]
    [InlineData(0, false, false, 4, true)]
    [InlineData(0, false, true, 1, false)]
    [InlineData(1, true, true, 1, false)]
    [InlineData(0, true, true, 5, false)]
    [InlineData(0, false, false, 5, false)]
    public void Should_be_looked_at_again_while_a_scan_could_not_see(long differences, bool isDisturbed, bool hasBegun, int looks, bool again) =>
        ReplayOutcome.LooksAgain(new(hasBegun ? OperationState.Completed : OperationState.Cancelled, differences, 0, isDisturbed, hasBegun, looks)).ShouldBe(again);

    [Fact]
    public void Should_have_one_worker_for_each_resource()
    {
        var workers = typeof(WorkerNames).GetFields().Select(f => (string)f.GetRawConstantValue()!);

        workers.SelectMany(DriftResources.OfWorker).Order(StringComparer.Ordinal).ShouldBe(DriftResources.All.Order(StringComparer.Ordinal));
    }
}
