using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Organisations that are removed with their tenant.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_remove_an_organisation_with_the_users_that_were_made_for_it()
    {
        var (_, user) = await AdministratorAsync("acme", "ann@acme.example");

        (await RemoveAsync(lastTenant)).ShouldBe(new RemovedMembers(1, 0));

        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldBeNull();
        (await Directory.FindUserAsync(user.Email, None)).ShouldBeNull();
        (await RemoveAsync(lastTenant)).ShouldBe(new RemovedMembers(0, 0), "it is gone already");
    }

    [Fact]
    public async Task Should_keep_users_who_were_not_made_for_the_tenant_or_whom_another_needs()
    {
        await SeedUserAsync("cid@other.example", enabled: true, verified: true);
        var (organization, _) = await AdministratorAsync("acme", "ann@acme.example");
        var (acme, needed) = (lastTenant, await Directory.EnsureUserAsync(lastTenant, "bob@acme.example", None));
        var other = (await Directory.FindUserAsync("cid@other.example", None)).ShouldNotBeNull();
        foreach (var member in new[] { needed, other })
            await Directory.EnsureMemberAsync(organization.Id, member.Id, None);

        (await RemoveAsync(acme, user => user.Id != needed.Id)).ShouldBe(new RemovedMembers(1, 2));

        (await Directory.FindOrganizationAsync(acme, None)).ShouldBeNull();
        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldBeNull();
        (await Directory.FindUserAsync("bob@acme.example", None)).ShouldNotBeNull();
        (await Directory.FindUserAsync("cid@other.example", None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_keep_users_who_belong_to_another_organisation_and_leave_that_alone()
    {
        var (first, user) = await AdministratorAsync("acme", "ann@acme.example");
        var acme = lastTenant;
        var (second, other) = await AdministratorAsync("bolt", "bob@bolt.example");
        await Directory.EnsureMemberAsync(second.Id, user.Id, None);
        await Directory.EnsureMemberAsync(first.Id, other.Id, None);

        (await RemoveAsync(acme)).ShouldBe(new RemovedMembers(0, 2));

        (await Directory.FindUserAsync(user.Email, None)).ShouldNotBeNull();
        (await Directory.IsMemberAsync(second.Id, user.Id, None)).ShouldBeTrue();
        (await Directory.AdministersAsync(second.Id, other.Id, None)).ShouldBeTrue();
    }

    private Task<RemovedMembers> RemoveAsync(TenantId tenant, Func<DirectoryUser, bool>? mayDelete = null) =>
        Directory.RemoveOrganizationAsync(tenant, (user, _) => Task.FromResult(mayDelete?.Invoke(user) ?? true), null, None);
}
