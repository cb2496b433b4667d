using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Users: created and kept.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_list_the_members_of_one_organisation_or_one_of_them()
    {
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");
        var acme = lastTenant;
        await AdministratorAsync("bolt", "bob@bolt.example");
        // More than one page.
        for (var i = 0; i < 120; i++)
            await Directory.EnsureMemberAsync(organization.Id, (await Directory.EnsureUserAsync(acme, $"user{i}@acme.example", None)).Id, None);

        var members = await Directory.MembersAsync(acme, null, None).ToListAsync();

        members.Select(m => m.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(121);
        members.ShouldAllBe(m => m.Email!.EndsWith("@acme.example", StringComparison.Ordinal));
        var one = (await Directory.MembersAsync(acme, user.Id, None).ToListAsync()).ShouldHaveSingleItem();
        (one.Id, one.Email, one.Enabled, one.EmailVerified).ShouldBe((user.Id, "ann@acme.example", true, false));
        foreach (var stranger in new[] { "..", "nobody", "b1f0a1c8-0000-4000-8000-000000000000" })
            (await Directory.MembersAsync(acme, stranger, None).ToListAsync()).ShouldBeEmpty(stranger);
        (await Directory.MembersAsync(NewTenant(), null, None).ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_make_a_user_marked_as_the_tenants_with_actions_to_do()
    {
        var tenant = NewTenant();

        var made = await Directory.EnsureUserAsync(tenant, "Ann@Acme.example", None);

        made.Email.ShouldBe("ann@acme.example");
        made.MadeFor.ShouldBe(tenant);
        made.EmailVerified.ShouldBeFalse();
        made.RequiredActions.ShouldBe(["VERIFY_EMAIL", "UPDATE_PASSWORD"]);
        var found = (await Directory.FindUserAsync("ANN@acme.example", None)).ShouldNotBeNull();
        (found.Id, found.MadeFor, found.Enabled).ShouldBe((made.Id, tenant, true));
    }

    [Fact]
    public async Task Should_keep_the_user_that_is_there_and_whose_it_is()
    {
        var first = NewTenant();
        var made = await Directory.EnsureUserAsync(first, "ann@acme.example", None);

        (await Directory.EnsureUserAsync(first, "ann@acme.example", None)).Id.ShouldBe(made.Id);
        var forAnother = await Directory.EnsureUserAsync(NewTenant(), "ann@acme.example", None);

        (forAnother.Id, forAnother.MadeFor).ShouldBe((made.Id, first));
    }

    [Fact]
    public async Task Should_make_one_user_of_racing_attempts()
    {
        var tenant = NewTenant();

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Directory.EnsureUserAsync(tenant, "ann@acme.example", None)));

        made.Select(u => u.Id).Distinct().Count().ShouldBe(1);
    }

    [Theory]
    [InlineData(true, false, DirectoryFailures.UserUnverified)]
    [InlineData(false, true, DirectoryFailures.UserDisabled)]
    public async Task Should_refuse_a_user_that_nobody_vouches_for(bool enabled, bool verified, string code)
    {
        await SeedUserAsync("ann@acme.example", enabled, verified);

        var refused = await FailureOfAsync(() => Directory.EnsureUserAsync(NewTenant(), "ann@acme.example", None));

        (refused.Failure.Code, refused.Failure.Transient).ShouldBe((code, false));
    }
}
