using System.Net;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_issuer_keys_change : ApiTest
{
    [Fact]
    public async Task Should_pick_up_a_new_key_when_a_token_names_it()
    {
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
        Server.Issuer.Keys["new"] = (new RsaSecurityKey(RSA.Create(2048)) { KeyId = "new" }, "RS256");
        Server.Clock.Advance(IssuerKeys.Pause);

        (await StatusAsync(Server.Issuer.Sign(Server.Issuer.Claims(Roles.Viewer), "new"))).ShouldBe(200);
        Server.Issuer.KeyReads.ShouldBe(2);
    }

    [Fact]
    public async Task Should_refuse_a_key_that_was_taken_back()
    {
        var old = Server.Issuer.Token(Roles.Viewer);
        (await StatusAsync(old)).ShouldBe(200);
        var ec = Server.Issuer.Sign(Server.Issuer.Claims(Roles.Viewer), "ec");
        var unknown = Unknown();
        Server.Issuer.Keys.Remove("rsa");
        Server.Clock.Advance(IssuerKeys.Pause);
        (await StatusAsync(unknown)).ShouldBe(401);

        (await StatusAsync(old)).ShouldBe(401);
        (await StatusAsync(ec)).ShouldBe(200);
    }

    [Fact]
    public async Task Should_not_be_made_to_ask_the_issuer_by_strangers()
    {
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
        Server.Clock.Advance(IssuerKeys.Pause);

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => StatusAsync(Unknown())));

        answers.ShouldAllBe(a => a == 401);
        Server.Issuer.KeyReads.ShouldBe(2);
    }

    [Fact]
    public async Task Should_continue_with_known_keys_while_the_issuer_is_down()
    {
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
        Server.Issuer.Down = true;
        Server.Clock.Advance(TimeSpan.FromSeconds(200));

        (await StatusAsync(Unknown())).ShouldBe(401);
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
    }

    [Fact]
    public async Task Should_stop_trusting_keys_that_were_not_confirmed_for_a_day()
    {
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
        Server.Issuer.Down = true;
        Server.Clock.Advance(IssuerKeys.Trusted);
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["exp"] = TestIssuer.Now(2 * 86_400);

        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(503);
    }

    [Fact]
    public async Task Should_say_that_it_cannot_tell_when_no_keys_are_known()
    {
        Server.Issuer.Down = true;
        using var client = Server.Client(Server.Issuer.Token(Roles.Viewer));

        using (var response = await ReadAsync("/api/v1/plans", client))
        {
            await ProblemAsync(response, 503, "issuer-unavailable");
            response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(10));
        }

        using (var ready = await ReadAsync("/health/ready", Server.Client(null)))
        {
            ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await ApiServer.JsonAsync(ready)).GetProperty("checks").GetProperty("token-issuer").GetProperty("status").GetString().ShouldBe("unhealthy");
        }

        using (var live = await ReadAsync("/health/live", client))
            live.StatusCode.ShouldBe(HttpStatusCode.OK);

        Server.Issuer.Down = false;
        Server.Clock.Advance(IssuerKeys.FirstPause);
        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(200);
    }

    [Fact]
    public async Task Should_not_take_keys_of_an_issuer_that_calls_itself_otherwise()
    {
        Server.Issuer.Pretends = "https://other.example";

        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(503);
        Server.Logs.All.ShouldContain(l => l.Contains("calls itself 'https://other.example'", StringComparison.Ordinal));
    }

    // An attacker in between could supply other keys.
    [Theory, InlineData("http://keys.invalid/keys"), InlineData("ftp://127.0.0.1/keys"), InlineData("/keys")]
    public async Task Should_not_read_keys_from_elsewhere_in_the_clear(string address)
    {
        Server.Issuer.KeysAt = address;

        (await StatusAsync(Server.Issuer.Token(Roles.Viewer))).ShouldBe(503);
        Server.Logs.All.ShouldContain(l => l.Contains("its jwks_uri is not an https address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_not_verify_with_short_keys()
    {
        Server.Issuer.Keys["short"] = (new RsaSecurityKey(RSA.Create(1024)) { KeyId = "short" }, "RS256");

        (await StatusAsync(RawWith("short"))).ShouldBe(401);
    }

    private string Unknown()
    {
        var parts = Server.Issuer.Token(Roles.Viewer).Split('.');
        return $"{Base64UrlEncoder.Encode($"{{\"alg\":\"RS256\",\"kid\":\"{Guid.NewGuid()}\"}}")}.{parts[1]}.{parts[2]}";
    }

    // The library refuses to sign with a short key, so sign by hand.
    private string RawWith(string key)
    {
        var signed = $"{Base64UrlEncoder.Encode($"{{\"alg\":\"RS256\",\"kid\":\"{key}\"}}")}.{Base64UrlEncoder.Encode(Server.Issuer.Claims(Roles.Viewer).ToJsonString())}";
        var rsa = ((RsaSecurityKey)Server.Issuer.Keys[key].Key).Rsa;
        return $"{signed}.{Base64UrlEncoder.Encode(rsa.SignData(System.Text.Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private async Task<int> StatusAsync(string token)
    {
        using var client = Server.Client(token);
        using var response = await ReadAsync("/api/v1/plans", client);
        return (int)response.StatusCode;
    }
}
