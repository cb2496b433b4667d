using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Identity;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_organisations_are_repaired : IdentitySteps
{
    private DriftScans scans = null!;

    [Fact]
    public async Task Should_enable_what_was_disabled_and_make_again_what_is_lost()
    {
        await ProvisionAsync();
        await Connection.Directory.DisableOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe(["repaired organization acme"]);

        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe(["repaired organization acme"]);

        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty();
        var tenant = await Tenant.ReadAsync();
        (await Connection.Directory.AdministersAsync(tenant.OrganizationId!, tenant.AdminUserId!, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_disable_the_organisation_of_a_suspended_tenant_whether_it_is_there_or_made_again()
    {
        await ProvisionAsync();
        await Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { Tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe(["repaired organization acme"]);
        (await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Enabled.ShouldBeFalse();

        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe(["repaired organization acme"]);
        (await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Enabled.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_quarantine_an_orphan_release_it_and_delete_it_in_the_end()
    {
        await ProvisionAsync();
        var owner = await OrphanAsync();
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe(["quarantined organization orphan"]);
        var barred = (await Connection.Directory.FindOrganizationAsync(owner, None))!;
        (barred.Enabled, barred.Alias, barred.Name).ShouldBe((false, "orphan", QuarantinedThing.NameOf((await scans.QuarantinedAsync()).Single())));
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await scans.ReleaseAsync(Repair);
        var released = (await Connection.Directory.FindOrganizationAsync(owner, None))!;
        (released.Enabled, released.Name, string.Join(' ', released.Domains)).ShouldBe((true, "Orphan", "orphan.example"));
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe(["orphan organization orphan"]);

        await scans.RepairAsync(Repair);
        (await scans.RemoveAsync(Repair)).ShouldBe(["removed"]);
        (await Connection.Directory.FindOrganizationAsync(owner, None)).ShouldBeNull();
        (await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Enabled.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_an_organisation_that_somebody_has_enabled()
    {
        await ProvisionAsync();
        var owner = await OrphanAsync();
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        await Connection.Directory.EnableOrganizationAsync(owner, None);

        (await scans.RemoveAsync(Repair)).ShouldBe(["left Somebody has changed it since it was quarantined."]);

        (await Connection.Directory.FindOrganizationAsync(owner, None))!.Enabled.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_put_it_back_into_quarantine_when_a_release_is_undone()
    {
        await ProvisionAsync();
        var owner = await OrphanAsync();
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        var quarantine = (await scans.QuarantinedAsync()).Single();
        var release = await scans.BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = quarantine, Reason = "Somebody needs it." });
        await Connection.Directory.EnableOrganizationAsync(owner, None);
        await Registry.ExecuteAsync("update drift_quarantine set state = 'releasing'");

        await scans.Repairer.UndoReleaseAsync(release, Repair, None);

        (await scans.StatesAsync()).ShouldBe("quarantined");
        (await Connection.Directory.FindOrganizationAsync(owner, None))!.Enabled.ShouldBeFalse();
    }

    private IdentityRepair Repair => new(
        new IdentityInventory(Connection.Directory), Connection.Directory, new TenantStore(Registry), new LeasedTransactions(Registry, new RegistryClock()), new Installation(Registry));

    private async Task ProvisionAsync()
    {
        scans = new(Registry);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        await scans.ActivateAsync(Tenant);
    }

    private async Task<TenantId> OrphanAsync()
    {
        var owner = new TenantId(Guid.CreateVersion7());
        var installation = await Registry.ScalarAsync<Guid>("select id from installation");
        await Connection.Directory.EnsureOrganizationAsync(new(owner, Slug.Parse("orphan"), "Orphan", "orphan.example") { Installation = installation }, None);
        return owner;
    }
}
