using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Saga.Host.Embedded.Identity;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

[IsolationSuite]
public sealed class When_a_token_of_the_embedded_issuer_is_verified
{
    [Theory]
    [InlineData(IssuerClients.Admin, "platform-admin")]
    [InlineData(IssuerClients.Operator, "platform-operator")]
    [InlineData(IssuerClients.Auditor, "platform-auditor")]
    [InlineData(IssuerClients.Viewer, "platform-viewer")]
    public async Task Should_be_good_by_the_published_keys(string client, string role)
    {
        await using var issuer = await RunningIssuer.StartAsync();

        var result = await ValidateAsync(issuer, await issuer.TokenAsync(client));

        result.IsValid.ShouldBeTrue(result.Exception?.Message);
        var token = (JsonWebToken)result.SecurityToken;
        (token.Alg, token.Subject, token.Issuer).ShouldBe(("RS256", client, issuer.Issuer));
        token.Audiences.ShouldBe(["saga"]);
        token.Claims.Where(c => c.Type == "roles").Select(c => c.Value).ShouldBe([role]);
        using var claims = JsonDocument.Parse(Base64UrlEncoder.Decode(token.EncodedPayload));
        claims.RootElement.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Single().GetString().ShouldBe(role);
        (token.ValidTo - token.IssuedAt).ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Should_be_bad_when_a_claim_was_changed()
    {
        await using var issuer = await RunningIssuer.StartAsync();
        var parts = (await issuer.TokenAsync(IssuerClients.Viewer)).Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("platform-viewer", "platform-admin", StringComparison.Ordinal);

        var result = await ValidateAsync(issuer, $"{parts[0]}.{Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(claims))}.{parts[2]}");

        result.IsValid.ShouldBeFalse();
        result.Exception.ShouldBeOfType<SecurityTokenInvalidSignatureException>();
    }

    [Fact]
    public async Task Should_be_bad_by_the_keys_of_another_issuer()
    {
        await using var issuer = await RunningIssuer.StartAsync();
        await using var other = await RunningIssuer.StartAsync();

        (await ValidateAsync(other, await issuer.TokenAsync())).IsValid.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_stay_good_after_a_restart()
    {
        var first = await RunningIssuer.StartAsync();
        var token = await first.TokenAsync();
        var secret = first.Secret(IssuerClients.Admin);
        await first.StopAsync();

        await using var second = await RunningIssuer.StartAsync(first.Folder);

        second.Secret(IssuerClients.Admin).ShouldBe(secret);
        (await ValidateAsync(second, token, first.Issuer)).IsValid.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_stay_good_while_the_key_is_rotated()
    {
        // In the past, so the verifying library, which uses the machine's clock, must not check times.
        var time = new TestClock(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var issuer = await RunningIssuer.StartAsync(time: time);
        var old = await issuer.TokenAsync();
        var oldKid = new JsonWebToken(old).Kid;

        var newKid = issuer.Keys.Rotate();
        issuer.Keys.Rotate().ShouldBe(newKid);
        (await PublishedAsync(issuer)).ShouldBe([oldKid, newKid]);
        new JsonWebToken(await issuer.TokenAsync()).Kid.ShouldBe(oldKid);

        time.Advance(TimeSpan.FromMinutes(121));
        var fresh = await issuer.TokenAsync();
        new JsonWebToken(fresh).Kid.ShouldBe(newKid);
        foreach (var token in new[] { old, fresh })
            (await ValidateAsync(issuer, token, lifetime: false)).IsValid.ShouldBeTrue();

        time.Advance(TimeSpan.FromHours(2));
        issuer.Keys.Rotate();
        (await PublishedAsync(issuer)).ShouldNotContain(oldKid);
        (await PublishedAsync(issuer)).ShouldContain(newKid);
    }

    [Fact]
    public async Task Should_come_to_be_signed_by_a_new_key_by_itself()
    {
        var time = new TestClock(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var issuer = await RunningIssuer.StartAsync(time: time, settings: [new("Saga:Identity:Embedded:KeyLifetimeDays", "1")]);
        var first = new JsonWebToken(await issuer.TokenAsync()).Kid;

        time.Advance(TimeSpan.FromHours(22.5));
        new JsonWebToken(await issuer.TokenAsync()).Kid.ShouldBe(first);
        (await PublishedAsync(issuer)).Count.ShouldBe(2);

        time.Advance(TimeSpan.FromHours(2));
        new JsonWebToken(await issuer.TokenAsync()).Kid.ShouldNotBe(first);
    }

    private static async Task<List<string>> PublishedAsync(RunningIssuer issuer)
    {
        using var response = await issuer.Http.GetAsync("jwks");
        return [.. (await RunningIssuer.JsonAsync(response)).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];
    }

    private static async Task<TokenValidationResult> ValidateAsync(RunningIssuer issuer, string token, string? named = null, bool lifetime = true)
    {
        var metadata = new ConfigurationManager<OpenIdConnectConfiguration>(
            issuer.Issuer + "/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever(), new HttpDocumentRetriever { RequireHttps = false });
        var configuration = await metadata.GetConfigurationAsync(CancellationToken.None);
        configuration.Issuer.ShouldBe(issuer.Issuer);
        return await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = named ?? configuration.Issuer,
            ValidAudience = "saga",
            ValidAlgorithms = ["RS256"],
            ValidateLifetime = lifetime,
            IssuerSigningKeys = configuration.SigningKeys,
        });
    }
}
