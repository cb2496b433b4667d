using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.Keycloak.OpenApi;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Tests the stub's validation: it accepts what Keycloak documents, and reports everything else.</summary>
public sealed class When_Keycloaks_contract_is_kept
{
    private const string Admin = "/admin/realms/saga/";
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Should_hold_for_every_call_of_a_tenants_life()
    {
        RequireContract();
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { Smtp = true });
        await using var connection = new KeycloakConnection(stub, [("SendActionsEmail", "true")]);
        var directory = connection.Directory;
        var tenant = new TenantId(Guid.CreateVersion7());

        var organization = await directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme", "acme.example"), None);
        await directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme Ltd", "acme.example"), None);
        var user = await directory.EnsureUserAsync(tenant, "ann@acme.example", None);
        await directory.EnsureMemberAsync(organization.Id, user.Id, None);
        await directory.EnsureAdministersAsync(organization.Id, user.Id, None);
        (await directory.SendRequiredActionsAsync(user, None)).ShouldBeTrue();
        await directory.IsMemberAsync(organization.Id, user.Id, None);
        await directory.AdministersAsync(organization.Id, user.Id, None);
        await directory.ReleaseUserAsync(tenant, "ann@acme.example", None);
        await directory.DeleteOrganizationAsync(tenant, None);

        stub.Violations.ShouldBeEmpty();
        stub.Calls.Select(c => $"{c.Method} {c.Route}").Distinct().Count().ShouldBeGreaterThan(15);
    }

    [Theory]
    [InlineData("GET", "organizations?serach=acme", null, "unknown query parameter 'serach'")]
    [InlineData("GET", "organizations?max=many", null, "'max' cannot be 'many'")]
    [InlineData("POST", "organizations", """{"name":"a","tenantId":"b"}""", "$.tenantId is unknown")]
    [InlineData("POST", "organizations", """{"name":"a","attributes":{"tenant_id":"b"}}""", "$.attributes.tenant_id is not of type array")]
    [InlineData("POST", "organizations", """{"name":"a","domains":["acme.example"]}""", "$.domains[0] is not of type object")]
    [InlineData("POST", "users", """{"username":"a","enabled":"true"}""", "$.enabled is not of type boolean")]
    [InlineData("POST", "users", """{"username":"a","email":null}""", "$.email may not be null")]
    [InlineData("GET", "organisations", null, "no such operation")]
    [InlineData("DELETE", "organizations/1", "{}", "takes no body")]
    public async Task Should_be_seen_when_a_call_breaks_it(string method, string path, string? body, string violation)
    {
        RequireContract();
        await using var stub = await KeycloakStub.StartAsync();

        await CallAsync(stub, new HttpMethod(method), path, body);

        stub.Violations.ShouldContain(v => v.Contains(violation, StringComparison.Ordinal), string.Join("; ", stub.Violations));
    }

    [Fact]
    public async Task Should_be_seen_when_an_answer_breaks_it()
    {
        RequireContract();
        await using var stub = await KeycloakStub.StartAsync();
        stub.Arm("GET", "organizations", new KeycloakFault { Status = 200, Body = """[{"id":7}]""" });
        stub.Arm("GET", "users", new KeycloakFault { Status = 418 });

        await CallAsync(stub, HttpMethod.Get, "organizations", null);
        await CallAsync(stub, HttpMethod.Get, "users", null);

        stub.Violations.ShouldBe(
        [
            "answer: GET /admin/realms/{realm}/organizations: 200 $[0].id is not of type string",
            "answer: GET /admin/realms/{realm}/users: answers no 418",
        ]);
    }

    private static void RequireContract() => Assert.SkipWhen(KeycloakContract.Document is null, ContractFiles.Missing(KeycloakContract.File));

    private static async Task CallAsync(KeycloakStub stub, HttpMethod method, string path, string? body)
    {
        using var http = new HttpClient { BaseAddress = new Uri(stub.BaseUrl) };
        using var form = new FormUrlEncodedContent(
            [new("grant_type", "client_credentials"), new("client_id", stub.Options.ClientId), new("client_secret", stub.Options.ClientSecret)]);
        using var grant = await http.PostAsync("/realms/saga/protocol/openid-connect/token", form);
        using var answer = JsonDocument.Parse(await grant.Content.ReadAsStringAsync());
        using var request = new HttpRequestMessage(method, Admin + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", answer.RootElement.GetProperty("access_token").GetString());
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
    }
}
