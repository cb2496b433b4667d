using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>A workflow needs an engine level that only a newer version has.</summary>
public sealed class When_an_orchestrator_is_too_old
{
    private static readonly EngineLevel Next = new(EngineLevel.Current.Value + 1);
    private static readonly string Words = $"Workflow 'test' version 1 needs engine level {Next.Value}; this orchestrator has level {EngineLevel.Current.Value}.";
    private static readonly WorkflowDefinition Newer = EngineHost.Chain("one", "two").Each(s => s with { MaxAttempts = 1 }) with { EngineLevel = Next.Value };

    [Fact]
    public async Task Should_postpone_the_operation_with_a_reason_and_run_all_others()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var older = await EngineHost.StartAsync(
            registry, null, [new ScriptedStep("one"), new ScriptedStep("two")], settings: ("Saga:Admission:Slots", "2"));
        // More than there are slots, so none of them may keep a slot.
        var waiting = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => older.SubmitAsync(Newer)));
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations where reason = @Words", new { Words }) == waiting.Length, "all are postponed, with a reason");

        (await older.EndAsync(await older.SubmitAsync(EngineHost.Chain("one", "two")))).ShouldBe(OperationState.Completed);

        (await registry.ScalarAsync<long>("select count(*) from operations where slot = 'admitted' and finished_at is null")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select count(*) from operation_steps where operation_id = any(@waiting)", new { waiting })).ShouldBe(0, "nothing was started");
        await Until.TrueAsync(async () => await HealthAsync(older) is { Status: HealthStatus.Degraded } entry && entry.Description!.Contains(Words, StringComparison.Ordinal), "health says so", TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Should_let_a_newer_one_finish_what_it_postponed_at_no_attempt()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var older = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("two")]);
        var operations = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => older.SubmitAsync(Newer)));
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations") == operations.Length, "all are postponed");

        // Both consume wake-ups and reports from one queue.
        await using var newer = await EngineHost.StartAsync(registry, bus, [], s => s.AddSingleton(Next));

        foreach (var operation in operations)
            (await newer.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select max(attempt) from operation_steps")).ShouldBe(1, "no attempt was spent");
        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0);
    }

    private static async Task<HealthReportEntry> HealthAsync(EngineHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Name == "unreadable-operations")).Entries["unreadable-operations"];
}
