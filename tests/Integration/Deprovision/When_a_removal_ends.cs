using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Saga.Contracts;
using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Deprovision;

public sealed class When_a_removal_ends
{
    private static readonly string[] Removals = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache];

    [Fact]
    public async Task Should_leave_a_tombstone_a_certificate_and_reserved_names()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);

        await world.ExecuteAsync(tenant, StepNames.Certify);

        var gone = await tenant.ReadAsync();
        (gone.Status, gone.AdminEmail, gone.Placed, gone.Deletion, gone.Holds.Count).ShouldBe((TenantStatus.Deprovisioned, "", null, null, 0));
        var stored = (await new CertificateStore(world.Registry).FindAsync(tenant.Id, default)).ShouldNotBeNull();
        stored.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stored.Document))));
        var certificate = JsonSerializer.Deserialize<DeletionCertificate>(stored.Document, Json.Options)!;
        (certificate.TenantId, certificate.Slug, certificate.RequestedBy, certificate.GraceDays).ShouldBe((tenant.Id, gone.Slug, "ada", 30));
        certificate.Removed.Select(r => r.Resource).ShouldBe(Removals);
        (certificate.SealingKey.Existed, certificate.SealingKey.MasterKeyId).ShouldBe((true, "k1"));
        certificate.Registry["credentials"].ShouldBe(1);
        certificate.Kept.ExpireAt.ShouldBeNull();
        (await world.RegistryAsync<long>("select count(*) from scheduled_commands where kind = 'destroyBackups'")).ShouldBe(0);
        (certificate.Reserved.Until - certificate.DeletedAt).ShouldBe(TimeSpan.FromDays(90));
        (await world.RegistryAsync<long>(
            """
            select (select count(*) from tenant_keys) + (select count(*) from tenant_runtime_keys) + (select count(*) from tenant_credentials) + (select count(*) from tenant_migrations)
                 + (select count(*) from place_modes) + (select count(*) from deprovisionings) + (select sum(placed) from database_servers) + (select count(*) from holds)
            """)).ShouldBe(0);
        (await world.RegistryAsync<string>("select string_agg(kind || ' ' || name, ', ' order by kind) from reserved_names")).ShouldBe($"slug {gone.Slug}, subdomain {gone.Subdomain}");
        (await world.RegistryAsync<long>("select count(*) from audit where action = 'tenant.certify' and detail->>'certificateSha256' is not null")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_when_its_backups_and_their_key_go_and_schedule_that()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);
        await world.Registry.ExecuteAsync("insert into backup_keys (tenant_id, version, master_key_id, wrapped) values (@Value, 1, 'k1', '')", new { tenant.Id.Value });

        await world.ExecuteAsync(tenant, StepNames.Certify);

        var stored = (await new CertificateStore(world.Registry).FindAsync(tenant.Id, default)).ShouldNotBeNull();
        var certificate = JsonSerializer.Deserialize<DeletionCertificate>(stored.Document, Json.Options)!;
        certificate.Kept.ShouldBe(new(0, 1)
        {
            // Until then backups of the registry have the key: those that began before it was removed, for 30 days, and a day for their removal.
            ExpireAt = certificate.DeletedAt.AddDays(90), RegistryBackupsExpireAt = certificate.DeletedAt.AddDays(121), KeysDestroyedAt = certificate.DeletedAt.AddDays(121),
        });
        certificate.SealingKey.RegistryBackupsExpireAt.ShouldBe(certificate.SealingKey.Existed ? certificate.DeletedAt.AddDays(31) : null);
        (await world.RegistryAsync<string>("select kind || ' ' || (command ->> 'removal') || ' ' || state from scheduled_commands where kind = 'destroyBackups'")).ShouldBe($"destroyBackups {tenant.OperationId} scheduled");
        (await world.RegistryAsync<bool>("select s.run_at = c.created_at + interval '90 days' from scheduled_commands s, deletion_certificates c where s.kind = 'destroyBackups'")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_cancel_the_removals_of_what_is_gone_by_then()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (tenant, other) = (await FinalAsync(world), await world.TenantAsync(IsolationTier.Row));
        await world.Registry.ExecuteAsync(
            """
            insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at, next_try_at)
            select gen_random_uuid(), kind, tenant, '{}', now() + interval '1 day', now() + interval '2 days', false, 'system', now(), now() + interval '1 day'
            from unnest(array['remove-copy', 'remove-restored', 'remove-export']) kind, unnest(array[@Mine, @Theirs]) tenant
            """,
            new { Mine = tenant.Id.Value, Theirs = other.Id.Value });

        await world.ExecuteAsync(tenant, StepNames.Certify);

        (await world.RegistryAsync<string>("select string_agg(kind, ' ' order by kind) from scheduled_commands where state = 'cancelled' and tenant_id = @Value and next_try_at is null", new { tenant.Id.Value }))
            .ShouldBe("remove-copy remove-restored");
        (await world.RegistryAsync<long>("select count(*) from scheduled_commands where state = 'cancelled'")).ShouldBe(2, "those of others stay");
        (await world.RegistryAsync<long>("select count(*) from audit where action = 'schedule.cancel'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_announce_it_once_however_often_it_runs()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);

        var first = await world.ExecuteAsync(tenant, StepNames.Certify);
        var second = await world.ExecuteAsync(tenant, StepNames.Certify);

        JsonSerializer.Serialize(second).ShouldBe(JsonSerializer.Serialize(first));
        (await world.RegistryAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantDeprovisioned' and destination is null")).ShouldBe(1);
        (await world.RegistryAsync<long>("select count(*) from deletion_certificates")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_certify_nothing_that_no_step_has_seen()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);
        await world.Registry.ExecuteAsync($"update operation_steps set output = null where step = '{StepNames.RemoveStorage}'");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Certify))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("output-missing", false));
        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Active);
        (await world.RegistryAsync<long>("select count(*) from tenant_keys")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_certify_nothing_before_the_removal_is_final_or_without_the_lease()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);
        await world.Registry.ExecuteAsync("update deprovisionings set final_at = null");
        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Certify))).Failure.Code.ShouldBe("removal-not-begun");
        await world.Registry.ExecuteAsync("update deprovisionings set final_at = now()");
        var stale = await tenant.BeginAsync(StepNames.Certify);
        await tenant.SettleAsync(StepNames.Certify);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Certify).ExecuteAsync(stale, default));

        (await world.RegistryAsync<long>("select count(*) from tenant_keys")).ShouldBe(1);
        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Active);
    }

    [Fact]
    public async Task Should_begin_once_and_not_after_it_was_taken_back()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);
        await world.Registry.ExecuteAsync("update deprovisionings set final_at = null");

        await world.ExecuteAsync(tenant, StepNames.BeginRemoval);
        await world.ExecuteAsync(tenant, StepNames.BeginRemoval);

        (await world.RegistryAsync<long>("select count(*) from audit where action = 'removal.begin'")).ShouldBe(1);
        (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.BeginRemoval))).Failure.Code.ShouldBe("removal-final");
        await world.Registry.ExecuteAsync("delete from deprovisionings");
        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.BeginRemoval))).Failure;
        (failure.Code, failure.Transient).ShouldBe(("deprovisioning-cancelled", false));
        await world.CompensateAsync(tenant, StepNames.BeginRemoval);
    }

    [Fact]
    public async Task Should_not_begin_without_the_final_backup_that_was_asked_for()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await FinalAsync(world);
        await world.Registry.ExecuteAsync("update deprovisionings set final_at = null, backup = true");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.BeginRemoval))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("backup-missing", false));
        (await world.RegistryAsync<long>("select count(*) from deprovisionings where final_at is not null")).ShouldBe(0);
    }

    // An active tenant of whose removal only the end is missing.
    private static async Task<SeededTenant> FinalAsync(DatabaseWorld world)
    {
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync(
            """
            update tenants set status = 'active' where id = @Id;
            update placements set state = 'current' where tenant_id = @Id;
            insert into holds (tenant_id, code, effect, actor, reason) values (@Id, 'deletion', 'closed', 'ada', 'For the test.');
            insert into deprovisionings (tenant_id, operation_id, requested_by, requested_at, grace_days, delete_at, backup, reserved_days, scheduled_id, removal_id, final_at)
            values (@Id, @OperationId, 'ada', now(), 30, now(), false, 90, gen_random_uuid(), @OperationId, now());
            """,
            new { Id = tenant.Id.Value, tenant.OperationId });
        foreach (var step in Removals)
        {
            await tenant.LeaveAsync(step, new RemovalOutput
            {
                Removed = [new() { Resource = step, System = "test", Name = step, Existed = true, Counts = new Dictionary<string, long> { ["things"] = 1 }, AbsentAt = DateTimeOffset.UnixEpoch }],
            });
        }

        return tenant;
    }
}
