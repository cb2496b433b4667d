using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Organisations: created, found, repaired and deleted, one for each tenant.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_make_an_organisation_and_find_it_by_its_tenant()
    {
        var wanted = Organization("acme", "Acme Ltd", "acme.example");

        var made = await Directory.EnsureOrganizationAsync(wanted, None);

        made.Alias.ShouldBe("acme");
        made.Name.ShouldBe("Acme Ltd");
        made.Domains.ShouldBe(["acme.example"]);
        made.Enabled.ShouldBeTrue();
        var found = await Directory.FindOrganizationAsync(wanted.Tenant, None);
        found.ShouldNotBeNull().Id.ShouldBe(made.Id);
        found.Domains.ShouldBe(["acme.example"]);
        (await Directory.FindOrganizationAsync(NewTenant(), None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_list_the_organisations_of_all_tenants_or_of_one()
    {
        var installation = Guid.NewGuid();
        var tenants = new List<TenantId>();
        // More than a page.
        for (var i = 0; i < 101; i++)
        {
            await Directory.EnsureOrganizationAsync(Organization($"acme-{i:000}", $"Acme {i}", null) with { Installation = installation }, None);
            tenants.Add(lastTenant);
        }

        await Directory.DisableOrganizationAsync(lastTenant, None);

        var all = await Directory.OrganizationsAsync(null, None).ToListAsync();
        all.Where(o => tenants.Contains(o.Tenant)).Select(o => o.Organization.Alias).Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 101).Select(i => $"acme-{i:000}"));
        var one = (await Directory.OrganizationsAsync(lastTenant, None).ToListAsync()).ShouldHaveSingleItem();
        (one.Tenant, one.Organization.Enabled).ShouldBe((lastTenant, false));
        one.Installation.ShouldBe(Directory.IsShared ? installation : null);
        (await Directory.OrganizationsAsync(NewTenant(), None).ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_organisation_that_is_there()
    {
        var wanted = Organization("acme", "Acme", "acme.example");
        var first = await Directory.EnsureOrganizationAsync(wanted, None);

        (await Directory.EnsureOrganizationAsync(wanted, None)).Id.ShouldBe(first.Id);
    }

    [Fact]
    public async Task Should_repair_name_and_domain_of_the_organisation_that_is_there()
    {
        var first = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var tenant = lastTenant;

        var mended = await Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme Ltd", "acme.example"), None);

        mended.Id.ShouldBe(first.Id);
        var found = (await Directory.FindOrganizationAsync(tenant, None)).ShouldNotBeNull();
        (found.Name, found.Domains.Single()).ShouldBe(("Acme Ltd", "acme.example"));
    }

    [Fact]
    public async Task Should_make_one_organisation_of_racing_attempts()
    {
        var wanted = Organization("acme", "Acme", "acme.example");

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Directory.EnsureOrganizationAsync(wanted, None)));

        made.Select(o => o.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Should_delete_an_organisation_and_leave_its_users()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, "ann@acme.example", None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);

        await Directory.DeleteOrganizationAsync(lastTenant, None);

        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldBeNull();
        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull();
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        await Directory.DeleteOrganizationAsync(lastTenant, None);
    }

    [Fact]
    public async Task Should_delete_nothing_of_another_tenant()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var acme = lastTenant;

        await Directory.DeleteOrganizationAsync(NewTenant(), None);

        (await Directory.FindOrganizationAsync(acme, None)).ShouldNotBeNull();
    }
}
