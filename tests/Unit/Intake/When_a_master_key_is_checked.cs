using Saga.Registry.Processes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_master_key_is_checked
{
    [Fact]
    public void Should_be_ready_when_every_process_with_keys_wraps_with_it() =>
        MasterKeyReadiness.FindObstacles("k2", [Process("k2", "k1", "k2"), Process("k2", "k2"), Process(null)]).ShouldBeEmpty();

    [Fact]
    public void Should_name_each_process_that_is_not_ready_and_the_fix()
    {
        var (lacking, other, old) = (Process("k1", "k1"), Process("k1", "k1", "k2"), Process(null, "k1", "k2"));

        MasterKeyReadiness.FindObstacles("k2", [lacking, Process("k2", "k2"), other, old]).ShouldBe(
        [
            $"is not configured in process {lacking.Id} (worker): set Saga:Sealing:MasterKeys:k2 there and restart it",
            $"is not the active key of process {other.Id} (worker), which wraps with 'k1': set Saga:Sealing:ActiveKey to k2 there and restart it",
            $"is configured in process {old.Id} (worker), whose version does not say with which key it wraps: upgrade it",
        ]);
    }

    [Fact]
    public void Should_need_a_process_with_keys() =>
        MasterKeyReadiness.FindObstacles("k2", [Process(null)]).ShouldHaveSingleItem().ShouldContain("start the workers");

    private static RunningProcess Process(string? active, params string[] keys) => new()
    {
        Id = Guid.NewGuid(), Program = "worker", Version = "1", Orchestrates = false, EngineLevel = 1, Steps = [], MasterKeyIds = keys, ActiveMasterKeyId = active, ConnectionBudget = 0,
    };
}
