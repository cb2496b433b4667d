using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Drift;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_scans_are_scheduled : IAsyncLifetime
{
    private readonly DriftOptions options = new();
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set orchestrates = true, engine_level = 100; update registry_migrations set applied_at = now() - interval '400 days'");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_scan_nothing_by_itself_unless_it_is_configured()
    {
        (await Scheduler().RunAsync(default)).ShouldBeFalse();

        (await registry.ScalarAsync<long>("select count(*) from operations")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_post_one_scan_of_everything_for_a_run_whoever_looks()
    {
        options.Cron = "30 2 1 1 *";

        (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Scheduler().RunAsync(default)))).ShouldContain(true);
        (await Scheduler().RunAsync(default)).ShouldBeFalse("the next run is not due");

        (await registry.ScalarAsync<string>("select string_agg(kind || ' ' || requested_by || ' ' || (input ->> 'all'), ', ') from operations")).ShouldBe("scanDrift system true");
    }

    private DriftScheduler Scheduler() => new(
        new(registry, new RegistryClock()), Intakes.Of<ScanDrift, ScanDrift, ScanDriftPlan>(registry, new(new TenantStore(registry))), Options.Create(options), NullLogger<DriftScheduler>.Instance);
}
