using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers.Verification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Verification;

/// <summary>The verification on request: what fails is a result.</summary>
public sealed class When_a_tenant_is_checked : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-check-").FullName;
    private readonly ScriptedVerification extra = new();
    private readonly TestClock clock = new();
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(
            registry,
            (s, c) => s.AddSingleton<TimeProvider>(clock).AddResource<StorageModule>(c).AddResource<CacheModule>(c).AddResource<ConfigurationModule>(c).AddResource<VerificationModule>(c)
                .AddVerificationsOf<StorageModule>(c).AddVerificationsOf<CacheModule>(c).AddVerificationsOf<ConfigurationModule>(c).AddSingleton<IVerification>(extra),
            ("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder), ("Saga:Cache:Adapter", "inprocess"));
        tenant = await Seed.TenantAsync(registry, "acme");
        foreach (var step in new[] { StepNames.Storage, StepNames.Cache, StepNames.Configuration })
            await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_list_every_check_and_announce_the_result()
    {
        var result = await CheckAsync();

        result.Passed.ShouldBeTrue();
        result.Checks.Select(c => (c.Name, c.Passed)).ShouldBe([("cache", true), ("configuration", true), ("extra", true), ("objects", true)]);
        var told = JsonElement.Parse((await EventsAsync()).ShouldHaveSingleItem());
        (told.GetProperty("passed").GetBoolean(), told.GetProperty("failed").GetArrayLength(), told.GetProperty("slug").GetString()).ShouldBe((true, 0, "acme"));
    }

    [Fact]
    public async Task Should_return_what_failed_for_good_at_once_and_change_nothing()
    {
        await registry.ExecuteAsync("delete from tenant_settings where key = 'session.timeout'");
        var before = await registry.ScalarAsync<string>("select string_agg(key, ' ' order by key) from tenant_settings");

        var result = await CheckAsync();

        result.Passed.ShouldBeFalse();
        var failed = result.Checks.Single(c => !c.Passed);
        (failed.Name, failed.Failure!.Code, failed.Failure.Kind).ShouldBe(("configuration", "configuration-incomplete", FailureKind.Permanent));
        failed.Failure.Message.ShouldContain("session.timeout");
        failed.Failure.Remedy.ShouldNotBeNull();
        (await registry.ScalarAsync<string>("select string_agg(key, ' ' order by key) from tenant_settings")).ShouldBe(before);
        (await EventsAsync()).ShouldHaveSingleItem().ShouldContain("\"failed\":[\"configuration\"]");
    }

    [Theory]
    [InlineData(FailureKind.Transient)]
    [InlineData(FailureKind.Outage)]
    [InlineData(FailureKind.Overload)]
    public async Task Should_try_again_what_may_pass_and_report_it_in_the_end(FailureKind kind)
    {
        extra.Act = _ => throw StepFailureException.Of(kind, "extra-away", "It is away.", system: "extra");

        foreach (var attempt in (int[])[1, 2])
        {
            var failure = (await Should.ThrowAsync<StepFailureException>(() => CheckAsync(attempt))).Failure;
            // Without a system, so that it costs an attempt even while the system's circuit is open.
            (failure.Code, failure.Kind, failure.System).ShouldBe(("verification-inconclusive", FailureKind.Transient, null));
        }

        (await EventsAsync()).ShouldBeEmpty();
        var failed = (await CheckAsync(attempt: 3)).Checks.Single(c => !c.Passed);
        (failed.Name, failed.Failure!.Code, failed.Failure.System).ShouldBe(("extra", "extra-away", "extra"));
    }

    [Fact]
    public async Task Should_report_a_check_that_does_not_end_beside_the_others()
    {
        extra.Act = cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken);
        await CheckOthersAsync();
        var idle = clock.Waiting;
        var checking = CheckAsync(attempt: 3);
        await Until.TrueAsync(() => Task.FromResult(extra.Began && clock.Waiting == idle + 1), "only this check still has its time limit");

        clock.Advance(TimeSpan.FromSeconds(41));

        var result = await checking;
        var failed = result.Checks.Single(c => !c.Passed);
        (failed.Name, failed.Failure!.Code, failed.Failure.Kind).ShouldBe(("extra", "timeout", FailureKind.Outage));
        result.Checks.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Should_probe_and_announce_nothing_without_the_lease()
    {
        var stale = await tenant.BeginAsync(StepNames.CheckTenant);
        await tenant.BeginAsync(StepNames.CheckTenant);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.CheckTenant).ExecuteAsync(stale, CancellationToken.None));

        extra.Began.ShouldBeFalse();
        (await EventsAsync()).ShouldBeEmpty();
    }

    // Whatever they start once, such as timers of the cache, has started afterwards.
    private async Task CheckOthersAsync()
    {
        var act = extra.Act;
        extra.Act = _ => Task.CompletedTask;
        await CheckAsync();
        (extra.Act, extra.Began) = (act, false);
    }

    private async Task<VerificationOutput> CheckAsync(int attempt = 1) =>
        Assert.IsType<VerificationOutput>(await host.Step(StepNames.CheckTenant).ExecuteAsync(await tenant.BeginAsync(StepNames.CheckTenant, attempt), CancellationToken.None));

    private async Task<IReadOnlyList<string>> EventsAsync()
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("select body from outbox where message_type = 'Saga.Contracts.Events.TenantVerified'")];
    }

    private sealed class ScriptedVerification : IVerification
    {
        public Func<CancellationToken, Task> Act { get; set; } = _ => Task.CompletedTask;

        public bool Began { get; set; }

        public string Name => "extra";

        public Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
        {
            Began = true;
            return Act(cancellationToken);
        }
    }
}
