using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Api.Tokens;
using Saga.Contracts;
using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity.Keycloak.Check;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Identity;

/// <summary>What can be said about <c>deploy/keycloak/realm.json</c> without a server.</summary>
public sealed class When_the_realm_file_is_read
{
    [Fact]
    public void Should_lack_nothing_in_its_tokens() => Faults(RealmFile.Read()).ShouldBeEmpty();

    [Theory]
    [InlineData("basic", "oidc-sub-mapper", "name no subject")]
    [InlineData("organization", "oidc-organization-membership-mapper", "name no organisations")]
    [InlineData("organization", "oidc-organization-group-membership-mapper", "name no administrators")]
    public void Should_be_told_what_it_lacks_without_a_mapper(string scope, string mapper, string fault)
    {
        var realm = RealmFile.Read();
        var mappers = Mappers(realm, scope);
        mappers.Remove(mappers.Single(m => m!["protocolMapper"]!.GetValue<string>() == mapper));

        Faults(realm).ShouldHaveSingleItem().ShouldContain(fault);
    }

    [Theory]
    [InlineData("oidc-organization-membership-mapper", "jsonType.label", "String")]
    [InlineData("oidc-organization-membership-mapper", "multivalued", "false")]
    [InlineData("oidc-organization-membership-mapper", "addOrganizationId", "false")]
    [InlineData("oidc-organization-membership-mapper", "access.token.claim", "false")]
    [InlineData("oidc-organization-group-membership-mapper", "access.token.claim", "false")]
    public void Should_be_told_which_setting_of_a_mapper_is_wrong(string mapper, string key, string value)
    {
        var realm = RealmFile.Read();
        Mappers(realm, "organization").Single(m => m!["protocolMapper"]!.GetValue<string>() == mapper)!["config"]![key] = value;

        Faults(realm).ShouldHaveSingleItem().ShouldContain(key);
    }

    [Fact]
    public void Should_hold_no_secret_and_no_right_over_the_realm()
    {
        var realm = RealmFile.Read();

        realm["clients"]!.AsArray().ShouldAllBe(c => c!["secret"] == null);
        realm["users"]!.AsArray().ShouldHaveSingleItem()!["clientRoles"]!.ToJsonString().ShouldBe("""{"realm-management":["manage-organizations","manage-users"]}""");
    }

    [Fact]
    public void Should_have_the_roles_of_the_api() =>
        RealmFile.Read()["roles"]!["realm"]!.AsArray().Select(r => r!["name"]!.GetValue<string>()).ShouldBe(Roles.All);

    private static List<string> Faults(JsonObject realm) =>
        [.. KeycloakRealmCheck.TokenFaults(realm["clientScopes"].Deserialize<IReadOnlyList<ClientScopeRepresentation>>(Json.Options)!)];

    private static JsonArray Mappers(JsonObject realm, string scope) =>
        realm["clientScopes"]!.AsArray().Single(s => s!["name"]!.GetValue<string>() == scope)!["protocolMappers"]!.AsArray();
}
