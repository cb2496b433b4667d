using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Progress;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_the_master_key_is_rotated : IAsyncLifetime
{
    private const int Count = 120;
    private NpgsqlDataSource registry = null!;
    private SeededTenant operation = null!;
    private List<(TenantId Id, byte[] Sealed)> tenants = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        operation = await Seed.TenantAsync(registry, "operator");
        await registry.ExecuteAsync(
            "update operations set input = @Input::jsonb", new { Input = JsonSerializer.Serialize(new RotateMasterKey { MasterKeyId = "k2" }, Saga.Contracts.Json.Options) });
        tenants = [];
        var sealer = SealingFixture.Sealer(registry, "k1", ("k1", SealingFixture.First));
        // More than one batch.
        await registry.ExecuteAsync(
            """
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
            select gen_random_uuid(), 't-' || n, 't', 'basic', 'row', 'active', 't-' || n, 'UTC', 'a@acme.com' from generate_series(1, @Count) n
            """,
            new { Count });
        foreach (var id in await ListAsync<Guid>("select id from tenants where slug <> 'operator'"))
            tenants.Add((new(id), await sealer.SealAsync(new(id), "p", "hush"u8.ToArray(), default)));
        await ProcessAsync("k2", "k1", "k2");
    }

    public async ValueTask DisposeAsync() => await registry.DisposeAsync();

    [Fact]
    public async Task Should_wrap_every_key_so_that_the_former_master_key_is_not_needed()
    {
        var slot = new ProgressSlot(null, null, TimeProvider.System);
        await using var host = Host();

        JsonSerializer.Serialize(await RotateAsync(host, slot)).ShouldBe($$"""{"MasterKeyId":"k2","Keys":{{Count}}}""");

        (await registry.ScalarAsync<long>("select count(*) from tenant_keys where master_key_id <> 'k2'")).ShouldBe(0);
        var later = SealingFixture.Sealer(registry, "k2", ("k2", SealingFixture.Second));
        foreach (var (id, envelope) in tenants)
            (await later.OpenAsync(id, "p", envelope, default)).ShouldBe("hush"u8.ToArray());
        var progress = slot.Read()!;
        (progress.Progress.Done, progress.Progress.Total, progress.Progress.Unit).ShouldBe((Count, Count, "keys"));
        (await registry.ScalarAsync<string>("select body from outbox where message_type like '%.MasterKeyRotated'"))!.ShouldContain("\"masterKeyId\":\"k2\"");
    }

    [Fact]
    public async Task Should_wrap_the_keys_of_backups_too()
    {
        var key = new byte[32];
        await using (var before = Host(active: "k1"))
        {
            var wrapped = before.Get<MasterKeys>().Wrap(tenants[0].Id, key, "backup key 1");
            await registry.ExecuteAsync("insert into backup_keys (tenant_id, version, master_key_id, wrapped) values (@Value, 1, 'k1', @wrapped)", new { tenants[0].Id.Value, wrapped });
        }

        await using var host = Host();
        JsonSerializer.Serialize(await RotateAsync(host)).ShouldContain($"\"Keys\":{Count + 1}");

        await using var connection = await registry.OpenConnectionAsync();
        var (id, now) = await connection.QuerySingleAsync<(string, byte[])>("select master_key_id, wrapped from backup_keys");
        id.ShouldBe("k2");
        host.Get<MasterKeys>().Unwrap(tenants[0].Id, id, now, "backup key 1").ShouldBe(key);
    }

    [Fact]
    public async Task Should_go_on_where_a_killed_attempt_has_stopped()
    {
        await using var host = Host();
        var sealer = host.Get<TenantSealer>();
        await using (var connection = await registry.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await sealer.RewrapAsync(transaction, Guid.Empty, 50, default);
            await transaction.CommitAsync();
        }

        var wrapped = await ListAsync<string>("select encode(wrapped, 'hex') from tenant_keys where master_key_id = 'k2'");
        wrapped.Count.ShouldBe(50);

        JsonSerializer.Serialize(await RotateAsync(host, new(null, """{"keys":50}""", TimeProvider.System))).ShouldContain($"\"Keys\":{Count}");

        (await registry.ScalarAsync<long>("select count(*) from tenant_keys where master_key_id <> 'k2'")).ShouldBe(0);
        (await ListAsync<string>("select encode(wrapped, 'hex') from tenant_keys")).Intersect(wrapped).Count().ShouldBe(50, "they were not wrapped a second time");
    }

    [Fact]
    public async Task Should_stop_when_it_loses_its_lease()
    {
        await using var host = Host();
        var stale = await operation.BeginAsync(StepNames.RewrapKeys);
        await operation.BeginAsync(StepNames.RewrapKeys);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.RewrapKeys).ExecuteAsync(stale, default));

        (await registry.ScalarAsync<long>("select count(*) from tenant_keys where master_key_id = 'k2'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_wrap_the_others_when_one_key_cannot_be_opened_and_finish_later()
    {
        await using var host = Host();
        await registry.ExecuteAsync("update tenant_keys set master_key_id = 'k0' where tenant_id = @Value", new { tenants[7].Id.Value });

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RotateAsync(host))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("keys-not-wrapped", false));
        failure.Message.ShouldContain("1 keys could not be wrapped");
        failure.Message.ShouldContain("Saga:Sealing:MasterKeys:k0");
        (await registry.ScalarAsync<long>("select count(*) from tenant_keys where master_key_id = 'k2'")).ShouldBe(Count - 1);
        (await registry.ScalarAsync<long>("select count(*) from outbox")).ShouldBe(0);

        await registry.ExecuteAsync("update tenant_keys set master_key_id = 'k1' where master_key_id = 'k0'");
        JsonSerializer.Serialize(await RotateAsync(host)).ShouldContain("\"Keys\":1}");
    }

    [Fact]
    public async Task Should_refuse_when_a_process_without_the_key_has_started_meanwhile()
    {
        await using var host = Host();
        await ProcessAsync("k1", "k1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RotateAsync(host))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("master-key-not-ready", false));
        failure.Message.ShouldContain("set Saga:Sealing:MasterKeys:k2 there");
        (await registry.ScalarAsync<long>("select count(*) from tenant_keys where master_key_id = 'k2'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_refuse_where_the_key_is_not_the_active_one()
    {
        await using var host = Host(active: "k1");

        (await Should.ThrowAsync<StepFailureException>(() => RotateAsync(host))).Failure.Code.ShouldBe("master-key-not-active");
    }

    private WorkerHost Host(string active = "k2") => new(
        registry, (s, c) => s.AddResource<ConfigurationModule>(c),
        ("Saga:Sealing:ActiveKey", active), ("Saga:Sealing:MasterKeys:k1", SealingFixture.First), ("Saga:Sealing:MasterKeys:k2", SealingFixture.Second));

    private async Task<object?> RotateAsync(WorkerHost host, ProgressSlot? slot = null)
    {
        var begun = await operation.BeginAsync(StepNames.RewrapKeys);
        // No tenant is part of it.
        var context = new StepContext(null, begun.OperationId, begun.Step, 1, begun.Lease) { Progress = slot }.With(begun.Inputs);
        return await host.Step(StepNames.RewrapKeys).ExecuteAsync(context, default);
    }

    private Task ProcessAsync(string active, params string[] keys) => registry.ExecuteAsync(
        """
        insert into processes (id, program, version, engine_level, steps, master_key_ids, active_master_key_id, connection_budget, heartbeat_at)
        values (gen_random_uuid(), 'worker', '0', 1, '{}', @keys, @active, 0, 'infinity')
        """,
        new { active, keys });

    private async Task<IReadOnlyList<T>> ListAsync<T>(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql)];
    }
}
