using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Deprovisionings;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Deprovision;

/// <summary>On the real servers.</summary>
[Collection(Alone.Name)]
[InTurn(2, of: 3)]
public sealed class When_a_tenant_is_deprovisioned
{
    [Fact]
    public async Task Should_leave_nothing_anywhere_in_every_tier_and_certify_it()
    {
        await using var site = await DeprovisionSite.StartAsync();
        var tenants = await site.ActiveAsync(4, "basic", "premium", "enterprise");

        await Task.WhenAll(tenants.Take(3).Select(async tenant =>
        {
            await site.EndAsync(await site.DeprovisionAsync(tenant, grace: false, backup: true), OperationState.Completed);
            await site.RemovedAsync(tenant, OperationState.Completed);
        }));

        // What is left of each is compared with its status; the fourth still has everything.
        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<long>("select count(*) from tenants where status = 'deprovisioned'")).ShouldBe(3);
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from deprovisionings) + (select count(*) from operation_scopes)")).ShouldBe(0);
        (await site.ScalarAsync<long>("select sum(placed) from database_servers")).ShouldBe(1);
        foreach (var tenant in tenants.Take(3))
        {
            var stored = (await new CertificateStore(site.Site.Registry).FindAsync(tenant, default)).ShouldNotBeNull();
            stored.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stored.Document))));
            var certificate = JsonSerializer.Deserialize<DeletionCertificate>(stored.Document, Json.Options)!;
            certificate.Removed.Select(r => r.Resource).Order(StringComparer.Ordinal).Except(["rows", "schema", "database"], StringComparer.Ordinal).ShouldBe(["cache", "exports", "objects", "organization"]);
            certificate.Removed.ShouldAllBe(r => r.Existed == (r.Resource != "exports"), "nothing was exported");
            certificate.Removed.Single(r => r.Resource == "organization").Counts["users"].ShouldBe(1);
            certificate.SealingKey.Existed.ShouldBeTrue();
            (certificate.Kept.Backups, certificate.Kept.BackupKeys).ShouldBe((1, 1));
            certificate.FinalBackup.ShouldNotBeNull().ManifestSha256.ShouldBe(await site.ScalarAsync<string>("select encode(manifest_sha256, 'hex') from backups where tenant_id = @Value", new { tenant.Value }));
        }
    }

    [Fact]
    public async Task Should_be_open_again_exactly_as_before_when_it_is_taken_back_in_time()
    {
        await using var site = await DeprovisionSite.StartAsync();
        var tenant = (await site.ActiveAsync(1, "premium"))[0];
        var before = await AccessFacts.ReadAsync(site.Site, tenant);
        await site.EndAsync(await site.DeprovisionAsync(tenant, grace: true), OperationState.Completed);
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();

        await site.EndAsync(await site.CancelAsync(tenant), OperationState.Completed);

        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before);
        (await site.ScalarAsync<string>("select state from scheduled_commands")).ShouldBe("cancelled");
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from deprovisionings)")).ShouldBe(0);
        (await site.ScalarAsync<long>("select count(*) from operations where kind = 'remove'")).ShouldBe(0);
        await ExternalState.CompareAsync(site.Site);
    }

    [Fact]
    public async Task Should_remove_nothing_and_stay_closed_when_the_final_backup_fails()
    {
        await using var site = await DeprovisionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step == StepNames.BackupObjects)
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });
        var tenant = (await site.ActiveAsync(1, "basic"))[0];
        await site.EndAsync(await site.DeprovisionAsync(tenant, grace: false, backup: true), OperationState.Completed);

        await site.RemovedAsync(tenant, OperationState.Compensated);

        (await site.ScalarAsync<string>("select code || ' ' || effect from holds")).ShouldBe("deletion closed");
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
        await site.EndAsync(await site.CancelAsync(tenant), OperationState.Completed);
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsOpen.ShouldBeTrue();
        // Only now, because the login of a closed tenant is barred.
        await ExternalState.CompareAsync(site.Site);
    }

    [Fact]
    public async Task Should_stall_and_stay_closed_when_something_cannot_be_removed()
    {
        await using var site = await DeprovisionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step == StepNames.RemoveStorage)
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });
        var tenant = (await site.ActiveAsync(1, "basic"))[0];

        await site.EndAsync(await site.DeprovisionAsync(tenant, grace: false), OperationState.Completed);
        await site.RemovedAsync(tenant, OperationState.Stalled);

        (await site.ScalarAsync<string>("select status from tenants")).ShouldBe("active");
        (await site.ScalarAsync<string>("select code || ' ' || effect from holds")).ShouldBe("deletion closed");
        (await site.ScalarAsync<long>("select count(*) from tenant_keys")).ShouldBe(1, "the key goes last");
        (await site.ScalarAsync<long>("select count(*) from deletion_certificates")).ShouldBe(0);
        (await Should.ThrowAsync<InvalidOperationException>(() => site.CancelAsync(tenant))).Message.ShouldContain("only goes forward");
    }

    [Fact]
    public async Task Should_be_kept_when_it_is_taken_back_right_before_the_pivot()
    {
        var (beginning, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var site = await DeprovisionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step != StepNames.BeginRemoval)
                    return;
                beginning.TrySetResult();
                goes.Task.Wait();
            },
        });
        var tenant = (await site.ActiveAsync(1, "basic"))[0];
        var before = await AccessFacts.ReadAsync(site.Site, tenant);
        await site.EndAsync(await site.DeprovisionAsync(tenant, grace: false), OperationState.Completed);
        await beginning.Task.WaitAsync(WaitLimit.Seconds(90));

        var cancellation = await site.CancelAsync(tenant);
        goes.SetResult();

        await site.RemovedAsync(tenant, OperationState.Compensated);
        await site.EndAsync(cancellation, OperationState.Completed);
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before);
        await ExternalState.CompareAsync(site.Site);
    }

    [Fact]
    public async Task Should_undo_a_provisioning_that_is_under_way_and_forget_the_removal()
    {
        var (verifying, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var site = await DeprovisionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step != StepNames.Verify)
                    return;
                verifying.TrySetResult();
                goes.Task.Wait();
            },
        });
        var provisioning = await site.Site.SubmitAsync(Site.NewCommand("basic"));
        await verifying.Task.WaitAsync(WaitLimit.Seconds(90));

        var deprovisioning = await site.DeprovisionAsync(provisioning.TenantId!.Value, grace: true);
        goes.SetResult();

        await site.EndAsync(provisioning.OperationId, OperationState.Cancelled);
        await site.EndAsync(deprovisioning, OperationState.Completed);
        (await site.ScalarAsync<string>("select status from tenants")).ShouldBe("failed");
        (await site.ScalarAsync<string>("select state from scheduled_commands")).ShouldBe("cancelled");
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from deprovisionings)")).ShouldBe(0);
        await ExternalState.CompareAsync(site.Site);
    }
}
