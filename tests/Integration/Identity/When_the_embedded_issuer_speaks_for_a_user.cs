using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Tokens;
using Saga.Tests.Support;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Tokens for users of the embedded directory, which name organisations and groups like Keycloak's.</summary>
[IsolationSuite]
public sealed class When_the_embedded_issuer_speaks_for_a_user : IAsyncLifetime
{
    private const string Secret = "a secret of a console";
    private static readonly CancellationToken None = CancellationToken.None;
    private NpgsqlDataSource registry = null!;
    private ServiceProvider services = null!;
    private RunningIssuer issuer = null!;

    public async ValueTask InitializeAsync()
    {
        registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("issuer"));
        services = await EmbeddedDirectories.CreateAsync(registry);
        issuer = await RunningIssuer.StartAsync(
            settings:
            [
                new("Saga:Identity:Embedded:Clients:0:Id", "console"),
                new("Saga:Identity:Embedded:Clients:0:Secret", Secret),
                new("Saga:Identity:Embedded:Clients:0:User", "Ann@acme.example"),
            ],
            registry: registry);
    }

    public async ValueTask DisposeAsync()
    {
        await issuer.DisposeAsync();
        await services.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_tell_the_administrator_of_one_tenant_from_the_member_of_another_in_one_token()
    {
        var ann = await AdministratorAsync("acme", "ann@acme.example");
        await AdministratorAsync("beta", "bob@beta.example");
        await services.GetRequiredService<IDirectory>().EnsureMemberAsync(await OrganizationAsync("beta"), ann, None);

        var claims = await ClaimsAsync();

        claims.GetProperty("sub").GetString().ShouldBe(ann);
        var organizations = OrganizationClaim.Read(claims);
        organizations.Select(o => (o.Alias, o.Administers)).ShouldBe([("acme", true), ("beta", false)]);
        organizations[0].Id.ShouldBe(await OrganizationAsync("acme"));
    }

    [Fact]
    public async Task Should_name_no_organisation_of_a_user_without_one()
    {
        await services.GetRequiredService<IDirectory>().EnsureUserAsync(new(Guid.CreateVersion7()), "ann@acme.example", None);

        (await ClaimsAsync()).TryGetProperty("organization", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_refuse_a_user_who_does_not_exist()
    {
        using var response = await issuer.AskAsync("console", Secret);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await RunningIssuer.JsonAsync(response)).GetProperty("error").GetString().ShouldBe("invalid_grant");
    }

    private async Task<string> AdministratorAsync(string slug, string email)
    {
        var (directory, tenant) = (services.GetRequiredService<IDirectory>(), new TenantId(Guid.CreateVersion7()));
        await directory.EnsureOrganizationAsync(new(tenant, Slug.Parse(slug), slug, null), None);
        return (await directory.EnsureAdministratorAsync(tenant, null, email, None)).ShouldNotBeNull().Id;
    }

    private async Task<string> OrganizationAsync(string alias)
    {
        await using var command = registry.CreateCommand($"select id::text from embedded_identity.organizations where alias = '{alias}'");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task<JsonElement> ClaimsAsync()
    {
        using var response = await issuer.AskAsync("console", Secret);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var token = new JsonWebToken((await RunningIssuer.JsonAsync(response)).GetProperty("access_token").GetString()!);
        using var claims = JsonDocument.Parse(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Decode(token.EncodedPayload));
        return claims.RootElement.Clone();
    }
}
