using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

[IsolationSuite]
public sealed class When_a_token_is_judged(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    private const string Path = "/api/v1/plans";

    [Theory]
    [InlineData("rsa")]
    [InlineData("pss")]
    [InlineData("ec")]
    public async Task Should_take_each_algorithm(string key) =>
        (await StatusAsync(Server.Issuer.Sign(Server.Issuer.Claims(Roles.Viewer), key))).ShouldBe(200);

    [Fact]
    public async Task Should_take_roles_as_keycloak_writes_them()
    {
        var claims = Server.Issuer.Claims();
        claims.Remove("roles");
        claims["realm_access"] = new JsonObject { ["roles"] = new JsonArray("offline_access", Roles.Viewer) };

        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(200);
    }

    [Fact]
    public async Task Should_take_one_of_several_audiences()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["aud"] = new JsonArray("account", TestIssuer.Audience);

        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(200);
    }

    [Theory]
    [InlineData("exp", null)]
    [InlineData("exp", "\"tomorrow\"")]
    [InlineData("exp", "1e300")]
    [InlineData("exp", "-5")]
    [InlineData("nbf", "\"now\"")]
    [InlineData("nbf", "null")]
    [InlineData("iss", null)]
    [InlineData("iss", "\"https://other.example\"")]
    [InlineData("aud", null)]
    [InlineData("aud", "\"other\"")]
    [InlineData("aud", "[]")]
    [InlineData("aud", "{\"saga-api\":true}")]
    [InlineData("sub", null)]
    [InlineData("sub", "\"\"")]
    [InlineData("sub", "5")]
    [InlineData("typ", "\"ID\"")]
    [InlineData("typ", "\"Refresh\"")]
    [InlineData("typ", "\"Offline\"")]
    [InlineData("typ", "7")]
    [InlineData("token_use", "\"id\"")]
    [InlineData("at_hash", "\"x\"")]
    [InlineData("exp", "99999999999")]
    [InlineData("iat", "99999999999")]
    [InlineData("iat", "1000000000")]
    [InlineData("iat", "\"now\"")]
    public async Task Should_refuse_claims_that_are_wrong_or_missing(string claim, string? value)
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims.Remove(claim);
        if (value is not null)
            claims[claim] = JsonNode.Parse(value);

        (await StatusAsync(Raw(claims.ToJsonString()))).ShouldBe(401);
    }

    [Fact]
    public async Task Should_take_an_access_token_as_keycloak_writes_it()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["typ"] = "Bearer";
        claims["iat"] = TestIssuer.Now(-60);

        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(200);
    }

    [Fact]
    public async Task Should_refuse_a_claim_that_is_there_twice() =>
        (await StatusAsync(Raw($"{{\"sub\":\"eve\",{Server.Issuer.Claims(Roles.Viewer).ToJsonString()[1..]}"))).ShouldBe(401);

    [Fact]
    public async Task Should_refuse_lone_surrogates()
    {
        var rest = Server.Issuer.Claims(Roles.Viewer).ToJsonString()[1..];

        (await StatusAsync(Raw($"{{\"\\ud83d\":1,{rest}"))).ShouldBe(401);
        (await StatusAsync(Raw($"{{\"sub\":\"\\ud83d\",{rest.Replace("\"sub\":\"ada\",", "", StringComparison.Ordinal)}"))).ShouldBe(401);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("ES384")]
    [InlineData("EdDSA")]
    public async Task Should_refuse_other_algorithms(string algorithm) =>
        (await StatusAsync(Raw(Server.Issuer.Claims(Roles.Viewer).ToJsonString(), $"{{\"alg\":\"{algorithm}\",\"kid\":\"rsa\"}}"))).ShouldBe(401);

    [Fact]
    public async Task Should_refuse_an_unsigned_token()
    {
        var unsigned = $"{Encode("{\"alg\":\"none\"}")}.{Encode(Server.Issuer.Claims(Roles.Viewer).ToJsonString())}.";

        (await StatusAsync(unsigned)).ShouldBe(401);
    }

    [Fact]
    public async Task Should_refuse_the_public_key_as_a_secret()
    {
        var rsa = ((RsaSecurityKey)Server.Issuer.Keys["rsa"].Key).Rsa;
        foreach (var secret in new[] { Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey(), rsa.ExportParameters(false).Modulus! })
        {
            var signed = $"{Encode("{\"alg\":\"HS256\",\"kid\":\"rsa\"}")}.{Encode(Server.Issuer.Claims(Roles.Viewer).ToJsonString())}";

            (await StatusAsync($"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed)))}")).ShouldBe(401);
        }
    }

    [Fact]
    public async Task Should_require_the_key_that_a_token_names()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer).ToJsonString();

        (await StatusAsync(Raw(claims, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"))).ShouldBe(200);
        (await StatusAsync(Raw(claims, "{\"alg\":\"RS256\",\"kid\":\"pss\"}"))).ShouldBe(401);
        (await StatusAsync(Raw(claims, "{\"alg\":\"RS256\",\"kid\":\"unknown\"}"))).ShouldBe(401);
        (await StatusAsync(Raw(claims, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}"))).ShouldBe(401);
        (await StatusAsync(Raw(claims, "{\"alg\":\"RS256\",\"kid\":7}"))).ShouldBe(401);
    }

    [Fact]
    public async Task Should_refuse_a_key_that_the_token_brings_along()
    {
        using var own = RSA.Create(2048);
        var jwk = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(own.ExportParameters(false)));
        var header = $"{{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{{\"kty\":\"RSA\",\"n\":\"{jwk.N}\",\"e\":\"{jwk.E}\"}}}}";

        (await StatusAsync(Raw(Server.Issuer.Claims(Roles.Viewer).ToJsonString(), header, own))).ShouldBe(401);
    }

    [Theory]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"zip\":\"DEF\"}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"enc\":\"A256GCM\"}")]
    [InlineData("{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"rsa\"}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"logout+jwt\"}")]
    [InlineData("[]")]
    public async Task Should_refuse_headers_that_mean_something_else(string header) =>
        (await StatusAsync(Raw(Server.Issuer.Claims(Roles.Viewer).ToJsonString(), header))).ShouldBe(401);

    [Fact]
    public async Task Should_refuse_an_encrypted_token()
    {
        var key = Server.Issuer.Keys["rsa"].Key;
        var jwe = new JsonWebTokenHandler().CreateToken(
            Server.Issuer.Claims(Roles.Viewer).ToJsonString(),
            new EncryptingCredentials(key, SecurityAlgorithms.RsaOAEP, SecurityAlgorithms.Aes256CbcHmacSha512));

        jwe.Split('.').Length.ShouldBe(5);
        (await StatusAsync(jwe)).ShouldBe(401);
    }

    [Fact]
    public async Task Should_refuse_a_large_token()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["pad"] = new string('p', 11 * 1024);
        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(200);

        claims["pad"] = new string('p', 13 * 1024);
        (await StatusAsync(Server.Issuer.Sign(claims))).ShouldBe(401);
    }

    [Fact]
    public async Task Should_refuse_a_changed_or_reshaped_token()
    {
        var token = Server.Issuer.Token(Roles.Viewer);
        var parts = token.Split('.');
        foreach (var bad in new[]
        {
            $"{parts[0]}.{Encode(Server.Issuer.Claims(Roles.Admin).ToJsonString())}.{parts[2]}", $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}",
            token + "=", token + ".", $"{parts[0]}.{parts[1]}.{parts[2][..^4]}", "x", "..", token.Replace('.', ' '),
        })
            (await StatusAsync(bad)).ShouldBe(401, bad);
    }

    [Theory]
    [InlineData("Basic YWRhOng=")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Digest x")]
    public async Task Should_refuse_other_headers(string header)
    {
        using var client = Server.Client(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        using var response = await ReadAsync(Path, client);

        await ProblemAsync(response, 401, "unauthenticated");
    }

    [Fact]
    public async Task Should_not_look_for_tokens_elsewhere()
    {
        using var client = Server.Client(null);
        using var response = await ReadAsync($"{Path}?access_token={Server.Issuer.Token(Roles.Viewer)}", client);

        await ProblemAsync(response, 401, "unauthenticated");
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"saga\"");
    }

    [Fact]
    public async Task Should_say_why_and_log_no_token()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["exp"] = TestIssuer.Now(-100);
        var token = Server.Issuer.Sign(claims);
        using var client = Server.Client(token);
        using var response = await ReadAsync(Path, client);

        (await ProblemAsync(response, 401, "unauthenticated")).GetProperty("detail").GetString().ShouldBe("The token has expired.");
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"saga\", error=\"invalid_token\", error_description=\"The token has expired.\"");
        Server.Logs.All.ShouldContain(l => l.StartsWith("1003 ", StringComparison.Ordinal));
        var (payload, signature) = (token.Split('.')[1], token.Split('.')[2]);
        Server.Logs.All.ShouldNotContain(l => l.Contains(payload, StringComparison.Ordinal) || l.Contains(signature, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/v1/tenants", "", 403)]
    [InlineData("GET", "/api/v1/tenants", "something-else", 403)]
    [InlineData("GET", "/api/v1/tenants", "platform-viewer", 200)]
    [InlineData("GET", "/api/v1/tenants", "platform-admin", 200)]
    [InlineData("POST", "/api/v1/tenants", "platform-viewer", 403)]
    [InlineData("POST", "/api/v1/tenants", "Platform-Admin", 403)]
    [InlineData("POST", "/api/v1/tenants", "platform-admin", 202)]
    public async Task Should_let_roles_do_what_they_may(string method, string path, string role, int status)
    {
        var slug = $"acme-{role.ToLowerInvariant()}";
        using var client = Server.Client(Server.Issuer.Token(role));
        using var response = method == "GET" ? await ReadAsync(path, client) : await Server.PostAsync(ApiServer.Body(slug), client: client);

        ((int)response.StatusCode).ShouldBe(status);
        if (status == 403)
            await ProblemAsync(response, 403, "forbidden");
        if (method == "POST")
            (await Server.QueryAsync<long>($"select count(*) from tenants where slug = '{slug}'")).ShouldBe(status == 202 ? 1 : 0);
    }

    private async Task<int> StatusAsync(string token)
    {
        using var client = Server.Client(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var response = await ReadAsync(Path, client);
        if ((int)response.StatusCode == 401)
            await ProblemAsync(response, 401, "unauthenticated");
        return (int)response.StatusCode;
    }

    private static string Encode(string text) => Base64UrlEncoder.Encode(text);

    // Always signed with RS256, whatever the header says.
    private string Raw(string payload, string header = "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", RSA? key = null)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        key ??= ((RsaSecurityKey)Server.Issuer.Keys["rsa"].Key).Rsa;
        return $"{signed}.{Base64UrlEncoder.Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }
}
