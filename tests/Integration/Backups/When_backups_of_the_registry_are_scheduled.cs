using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Registry;
using Saga.Registry.Backups.OfRegistry;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_backups_of_the_registry_are_scheduled : IAsyncLifetime
{
    private readonly LogLines lines = new();
    private readonly RegistryBackupOptions options = new();
    private NpgsqlDataSource registry = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        await Seed.TenantAsync(registry, "acme");
        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set engine_level = 100; delete from operation_scopes");
    }

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        lines.Dispose();
    }

    [Fact]
    public async Task Should_run_nothing_before_the_first_time_after_the_installation()
    {
        await registry.ExecuteAsync("update registry_migrations set applied_at = now()");
        options.Cron = InHours(2);

        (await Scheduler().RunAsync(Cancellation)).ShouldBeFalse();
        (await Scheduler().WatchAsync(Cancellation)).ShouldBeFalse();

        (await OperationsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_make_up_once_for_all_that_was_missed_whoever_looks()
    {
        await InstalledAsync("5 days");

        (await Scheduler().RunAsync(Cancellation)).ShouldBeTrue();
        (await Scheduler().RunAsync(Cancellation)).ShouldBeFalse();

        (await OperationsAsync()).ShouldBe(1);
        (await registry.ScalarAsync<string>("select requested_by || ' ' || (tenant_id is null) from operations where kind = 'backupRegistry'")).ShouldBe("system true");
        (await registry.ScalarAsync<string>("select scope from operation_scopes")).ShouldBe("registry-backups");
    }

    [Fact]
    public async Task Should_run_once_although_two_look_at_the_same_time()
    {
        await InstalledAsync("1 day");

        await Task.WhenAll(Scheduler().RunAsync(Cancellation), Scheduler().RunAsync(Cancellation));

        (await OperationsAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Should_run_nothing_when_it_is_switched_off()
    {
        await InstalledAsync("5 days");
        options.Cron = "none";

        (await Scheduler().RunAsync(Cancellation)).ShouldBeFalse();
        (await Scheduler().WatchAsync(Cancellation)).ShouldBeFalse();

        // It does not even ask.
        await registry.ExecuteAsync("alter table operations rename to not_there");
        (await Scheduler().RunAsync(Cancellation)).ShouldBeFalse();
        (await Scheduler().WatchAsync(Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_find_the_last_run_by_an_index()
    {
        await using var connection = await registry.OpenConnectionAsync(Cancellation);
        await using var explain = connection.CreateCommand();
        explain.CommandText = "set enable_seqscan = off";
        await explain.ExecuteNonQueryAsync(Cancellation);
        explain.CommandText = "explain (format json) select max(created_at) from operations where kind = 'backupRegistry' and requested_by = 'system'";

        ((string)(await explain.ExecuteScalarAsync(Cancellation))!).ShouldContain("operations_registry_backups");
    }

    [Fact]
    public async Task Should_raise_an_alert_once_while_none_is_complete_whatever_the_reason()
    {
        await InstalledAsync("5 days");
        var scheduler = Scheduler();
        await BackupAsync("failed", "1 hour");

        (await scheduler.WatchAsync(Cancellation)).ShouldBeTrue();
        (await scheduler.WatchAsync(Cancellation)).ShouldBeTrue();
        lines.All.Count(l => l.StartsWith("2954 The registry has no complete backup", StringComparison.Ordinal)).ShouldBe(1);

        await BackupAsync("completed", "1 minute");
        (await scheduler.WatchAsync(Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_say_once_that_a_run_was_refused_and_try_again()
    {
        await InstalledAsync("5 days");
        await registry.ExecuteAsync("delete from processes");
        var scheduler = Scheduler();

        (await scheduler.RunAsync(Cancellation)).ShouldBeFalse();
        (await scheduler.RunAsync(Cancellation)).ShouldBeFalse();
        lines.All.Count(l => l.StartsWith("2953 The backup of the registry", StringComparison.Ordinal)).ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'command.refuse'")).ShouldBe(1);

        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set engine_level = 100");
        (await scheduler.RunAsync(Cancellation)).ShouldBeFalse("it looks again in an hour");
        (await Scheduler().RunAsync(Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_remove_what_is_too_old_but_the_newest_complete_ones()
    {
        await BackupAsync("completed", "50 days");
        await BackupAsync("completed", "40 days");
        await BackupAsync("failed", "31 days");
        await Scheduler().ExpireAsync(Cancellation);
        await Scheduler().ExpireAsync(Cancellation);

        (await registry.ScalarAsync<string>("select string_agg(input ->> 'backups', ' ') from operations where kind = 'expireRegistryBackups'"))
            .ShouldBe(await registry.ScalarAsync<string>("select jsonb_build_array(id)::text from registry_backups where started_at < now() - interval '45 days'"));

        options.KeepDays = 60;
        await registry.ExecuteAsync("delete from operation_scopes; delete from idempotency_keys");
        await Scheduler().ExpireAsync(Cancellation);
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'expireRegistryBackups'")).ShouldBe(1);
    }

    private RegistryBackupScheduler Scheduler()
    {
        using var logging = LoggerFactory.Create(l => l.AddProvider(lines));
        return new(
            new(registry, new RegistryClock()), Intakes.Of<BackUpRegistry, BackUpRegistry, BackUpRegistryPlan>(registry, new()),
            Intakes.Of<ExpireRegistryBackups, ExpireRegistryBackups, ExpireRegistryBackupsPlan>(registry, new()), Options.Create(options), logging.CreateLogger<RegistryBackupScheduler>());
    }

    private Task InstalledAsync(string ago) => registry.ExecuteAsync($"update registry_migrations set applied_at = now() - interval '{ago}'");

    // A daily schedule whose next time is so far away.
    private static string InHours(int hours) => FormattableString.Invariant($"0 {TimeProvider.System.GetUtcNow().AddHours(hours).Hour} * * *");

    private Task BackupAsync(string state, string ago) => registry.ExecuteAsync(
        $"""
        with o as (
            insert into operations (id, kind, workflow_digest, state, input, requested_by)
            select gen_random_uuid(), 'backupRegistry', 'seed', 'completed', '{"{}"}', 'ada' returning id)
        insert into registry_backups (id, operation_id, state, requested_by, started_at) select gen_random_uuid(), id, '{state}', 'ada', now() - interval '{ago}' from o
        """);

    private Task<long> OperationsAsync() => registry.ScalarAsync<long>("select count(*) from operations where kind = 'backupRegistry'");
}
