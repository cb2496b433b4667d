using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Members who exist already.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_end_one_membership_and_keep_the_user()
    {
        var (first, user) = await AdministratorAsync("acme", "ann@acme.example");
        var (second, _) = await AdministratorAsync("bolt", "bob@bolt.example");
        await Directory.EnsureMemberAsync(second.Id, user.Id, None);

        await Directory.EndMemberAsync(first.Id, user.Id, None);
        await Directory.EndMemberAsync(first.Id, user.Id, None);

        (await Directory.IsMemberAsync(first.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.AdministersAsync(first.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.IsMemberAsync(second.Id, user.Id, None)).ShouldBeTrue();
        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_list_the_users_of_one_domain()
    {
        var tenant = NewTenant();
        // More than one page.
        for (var i = 0; i < 105; i++)
            await Directory.EnsureUserAsync(tenant, $"user{i}@acme.example", None);
        foreach (var other in new[] { "ann@sub.acme.example", "ann@acme.example.org", "ann@notacme.example" })
            await Directory.EnsureUserAsync(tenant, other, None);

        var users = await Directory.UsersOfDomainAsync("acme.example", None).ToListAsync();

        users.Select(u => u.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(105);
        users.ShouldAllBe(u => u.Email.StartsWith("user", StringComparison.Ordinal) && u.MadeFor == tenant && u.Enabled);
        (await Directory.UsersOfDomainAsync("cmet.example", None).ToListAsync()).ShouldBeEmpty();
    }
}
