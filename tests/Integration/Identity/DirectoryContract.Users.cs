using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Users: created and kept.</summary>
public abstract partial class DirectoryContract
{
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
