using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Sealing;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_master_keys_change
{
    [Fact]
    public async Task Should_open_backups_with_the_new_master_key_alone()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var id = await world.BackUpAsync(tenant);
        var key = await Keys(world.Registry, "k1", ("k1", SealingFixture.First)).OpenAsync(tenant.Id, id, default);
        var both = Keys(world.Registry, "k2", ("k1", SealingFixture.First), ("k2", SealingFixture.Second));

        (await RewrapAsync(world.Registry, both, null))!.Failure.ShouldBeNull();
        (await RewrapAsync(world.Registry, both, null)).ShouldBeNull();

        (await world.Registry.ScalarAsync<string>("select master_key_id from backup_keys")).ShouldBe("k2");
        (await Keys(world.Registry, "k2", ("k2", SealingFixture.Second)).OpenAsync(tenant.Id, id, default)).ShouldBe(key);
        (await Should.ThrowAsync<SealingException>(() => Keys(world.Registry, "k1", ("k1", SealingFixture.First)).OpenAsync(tenant.Id, id, default)))
            .Message.ShouldContain("master key 'k2', which is not configured");
    }

    [Fact]
    public async Task Should_give_each_backup_a_key_that_opens_no_other()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (one, other) = (await world.ActiveAsync(IsolationTier.Row), await world.ActiveAsync(IsolationTier.Row));
        var (first, second) = (await world.BackUpAsync(one), await world.BackUpAsync(other));
        await world.Registry.ExecuteAsync("update backup_data_keys set wrapped = (select wrapped from backup_data_keys where backup_id = @first) where backup_id = @second", new { first, second });

        await Should.ThrowAsync<SealingException>(() => world.PartAsync(other, second, "rows"));
        await Should.ThrowAsync<SealingException>(() => world.Database.Get<BackupKeys>().OpenAsync(other.Id, first, default));
    }

    [Fact]
    public async Task Should_pass_over_a_key_that_cannot_be_opened()
    {
        await using var world = await BackupWorld.CreateAsync();
        await world.BackUpAsync(await world.ActiveAsync(IsolationTier.Row));
        await world.BackUpAsync(await world.ActiveAsync(IsolationTier.Row));
        await world.Registry.ExecuteAsync("update backup_keys set wrapped = '' where tenant_id = (select min(tenant_id::text)::uuid from backup_keys)");
        var both = Keys(world.Registry, "k2", ("k1", SealingFixture.First), ("k2", SealingFixture.Second));

        var broken = (await RewrapAsync(world.Registry, both, null))!;
        var whole = (await RewrapAsync(world.Registry, both, broken.Key))!;

        broken.Failure.ShouldNotBeNull();
        whole.Failure.ShouldBeNull();
        (await RewrapAsync(world.Registry, both, whole.Key)).ShouldBeNull();
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_keys where master_key_id = 'k2'")).ShouldBe(1);
    }

    private static async Task<RewrappedBackupKey?> RewrapAsync(NpgsqlDataSource registry, BackupKeys keys, BackupKeyRow? after)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var key = await keys.RewrapNextAsync(transaction, after, default);
        await transaction.CommitAsync();
        return key;
    }

    private static BackupKeys Keys(NpgsqlDataSource registry, string active, params (string Id, string Key)[] keys) =>
        new(registry, SealingFixture.On(registry, active, keys).GetRequiredService<MasterKeys>());
}
