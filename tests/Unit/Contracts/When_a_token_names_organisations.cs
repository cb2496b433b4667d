using System.Security.Claims;
using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Contracts;

public sealed class When_a_token_names_organisations
{
    [Fact]
    public void Should_make_the_administrator_of_one_tenant_an_ordinary_member_of_another()
    {
        var organizations = Read("""{"acme":{"id":"1","groups":["/tenant-admin"]},"beta":{"id":"2"}}""");

        organizations.Select(o => (o.Alias, o.Id, o.Administers)).ShouldBe([("acme", "1", true), ("beta", "2", false)]);
    }

    [Fact]
    public void Should_let_the_API_tell_them_apart_in_one_token()
    {
        var caller = new ClaimsPrincipal(new ClaimsIdentity(
            Read("""{"acme":{"groups":["/tenant-admin"]},"beta":{"groups":["/readers"]}}""").SelectMany(OrganizationMembership.Claims)));

        var (acme, beta, other) = (Slug.Parse("acme"), Slug.Parse("beta"), Slug.Parse("other"));
        (caller.BelongsTo(acme), caller.Administers(acme)).ShouldBe((true, true));
        (caller.BelongsTo(beta), caller.Administers(beta)).ShouldBe((true, false));
        (caller.BelongsTo(other), caller.Administers(other)).ShouldBe((false, false));
    }

    [Theory]
    [InlineData("""["acme","beta"]""", "acme beta")]
    [InlineData("\"acme\"", "acme")]
    [InlineData("""{"acme":{},"beta":{}}""", "acme beta")]
    [InlineData("""{"acme":"tenant-admin","beta":{}}""", "beta")]
    [InlineData("""["acme",7,null,""]""", "acme")]
    [InlineData("7", "")]
    [InlineData("null", "")]
    [InlineData("\"\"", "")]
    [InlineData("""{"":{"groups":["/tenant-admin"]}}""", "")]
    public void Should_read_each_form_and_make_no_administrator_of_it(string claim, string aliases)
    {
        var organizations = Read(claim);

        string.Join(' ', organizations.Select(o => o.Alias)).ShouldBe(aliases);
        organizations.ShouldAllBe(o => !o.Administers);
    }

    [Theory]
    [InlineData("""["tenant-admin"]""")]
    [InlineData("""["/readers/tenant-admin"]""")]
    [InlineData("""["/Tenant-Admin"]""")]
    [InlineData("""["/tenant-admin/"]""")]
    [InlineData("\"/tenant-admin\"")]
    [InlineData("""{"/tenant-admin":true}""")]
    public void Should_count_only_the_full_path_of_the_group(string groups) =>
        Read($$$"""{"acme":{"groups":{{{groups}}}}}""").ShouldHaveSingleItem().Administers.ShouldBeFalse();

    [Fact]
    public void Should_make_nobody_an_administrator_by_a_role_of_the_realm()
    {
        using var claims = JsonDocument.Parse("""{"organization":["acme"],"roles":["tenant-admin"],"realm_access":{"roles":["tenant-admin"]}}""");

        OrganizationClaim.Read(claims.RootElement).ShouldHaveSingleItem().Administers.ShouldBeFalse();
    }

    [Fact]
    public void Should_name_none_without_the_claim()
    {
        using var claims = JsonDocument.Parse("{}");

        OrganizationClaim.Read(claims.RootElement).ShouldBeEmpty();
    }

    private static IReadOnlyList<TokenOrganization> Read(string claim)
    {
        using var claims = JsonDocument.Parse($$"""{"organization":{{claim}}}""");
        return OrganizationClaim.Read(claims.RootElement);
    }
}
