using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Identity;
using Saga.Tests.Support.Keycloak;
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

    [Fact]
    public async Task Should_disable_a_suspended_tenants_organisation_that_was_made_again_since_the_scan()
    {
        await ProvisionAsync();
        await Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { Tenant.Id.Value });
        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe(["missing organization acme"]);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        (await scans.RepairAsync(Repair)).ShouldBe(["repaired organization acme"]);

        (await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Enabled.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_finish_an_organisation_that_an_earlier_attempt_made_without_recording_it()
    {
        await ProvisionAsync();
        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        await Connection.Directory.EnsureOrganizationAsync(new(Tenant.Id, Slug.Parse("acme"), "Acme", null) { Installation = await Registry.ScalarAsync<Guid>("select id from installation") }, None);
        var second = await scans.BeginAsync("repairDrift", new RepairDrift { Items = await scans.FindingsAsync(), Reason = "Somebody has removed it." }, attempt: 2);

        DriftScans.Words(await scans.Repairer.RepairAsync(second, Repair, None)).ShouldBe(["repaired organization acme"]);

        var tenant = await Tenant.ReadAsync();
        tenant.OrganizationId.ShouldBe((await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Id);
        (await Connection.Directory.AdministersAsync(tenant.OrganizationId!, tenant.AdminUserId!, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_disable_an_organisation_that_an_earlier_attempt_made_a_moment_ago_and_left_open()
    {
        await ProvisionAsync();
        await Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { Tenant.Id.Value });
        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Repair.Inventory);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Registry.ExecuteAsync("update tenants set updated_at = now()");
        scans.RepairGraceMinutes = 15;
        var second = await scans.BeginAsync("repairDrift", new RepairDrift { Items = await scans.FindingsAsync(), Reason = "Somebody has removed it." }, attempt: 2);

        DriftScans.Words(await scans.Repairer.RepairAsync(second, Repair, None)).ShouldBe(["repaired organization acme"]);

        (await Connection.Directory.FindOrganizationAsync(Tenant.Id, None))!.Enabled.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_refuse_in_words_what_has_an_alias_that_no_tenant_can_have()
    {
        await ProvisionAsync();
        var made = await AddAsync(Guid.CreateVersion7(), "Orphan.Old");
        await scans.RunAsync(Repair.Inventory);

        var item = (await scans.Repairer.RepairAsync(await scans.RepairingAsync(), Repair, None)).Items.ShouldHaveSingleItem();

        (item.Outcome, item.Words).ShouldBe(("notRepaired", $"Its alias is none that this installation gives: {Slug.Rule}. Look whose it is, and disable or delete it in the directory by hand."));
        made.Enabled.ShouldBeTrue();
        (await scans.StatesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_put_back_what_an_earlier_version_disabled_and_could_not_rename()
    {
        await ProvisionAsync();
        var owner = Guid.CreateVersion7();
        var made = await AddAsync(owner, "Orphan.Old");
        made.Enabled = false;
        var repair = await scans.BeginAsync("repairDrift", new RepairDrift { Items = [Guid.NewGuid()], Reason = "Nobody needs it." });
        await Registry.ExecuteAsync(
            """
            insert into drift_quarantine (id, finding_id, operation_id, resource, name, renamed, owner, reason, was, state, begun_at)
            values (gen_random_uuid(), gen_random_uuid(), @OperationId, 'organization', 'Orphan.Old', 'Orphan.Old', @owner, 'Why.', '{"enabled":"yes","name":"Orphan.Old"}', 'quarantining', now())
            """,
            new { repair.OperationId, owner });

        await scans.Repairer.UndoAsync(repair, Repair, None);

        (await scans.StatesAsync()).ShouldBe("released");
        made.Enabled.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_an_organisation_when_several_are_of_its_tenant()
    {
        await ProvisionAsync();
        var owner = await OrphanAsync();
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        await AddAsync(owner.Value, "orphan-2");

        (await scans.RemoveAsync(Repair)).ShouldHaveSingleItem().ShouldStartWith($"left Several organisations bear the id of the tenant {owner}");

        Stub.Organizations.Select(o => o.Alias).ShouldBe(["acme", "orphan", "orphan-2"], ignoreOrder: true);
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

    private async Task<StubOrganization> AddAsync(Guid owner, string alias) => Stub.Add(new StubOrganization
    {
        Id = Guid.NewGuid().ToString(),
        Alias = alias,
        Name = alias,
        Attributes = new() { ["tenant_id"] = [owner.ToString()], ["saga_installation"] = [(await Registry.ScalarAsync<Guid>("select id from installation")).ToString()] },
    });

    private async Task<TenantId> OrphanAsync()
    {
        var owner = new TenantId(Guid.CreateVersion7());
        var installation = await Registry.ScalarAsync<Guid>("select id from installation");
        await Connection.Directory.EnsureOrganizationAsync(new(owner, Slug.Parse("orphan"), "Orphan", "orphan.example") { Installation = installation }, None);
        return owner;
    }
}
