using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

[IsolationSuite]
public sealed class When_a_stranger_looks_at_the_server
{
    [Theory]
    [InlineData("/api/v1/plans", 200)]
    [InlineData("/api/v1/tenants/nobody", 404)]
    [InlineData("/nothing", 404)]
    [InlineData("/health/live", 200)]
    [InlineData("/openapi/v1.json", 200)]
    public async Task Should_tell_nobody_what_it_is_and_let_nobody_keep_the_answer(string path, int status)
    {
        await using var server = await ApiServer.StartAsync();

        using var response = await server.Viewer.GetAsync(new Uri(path, UriKind.Relative));

        ((int)response.StatusCode).ShouldBe(status);
        response.Headers.Contains("Server").ShouldBeFalse();
        response.Headers.CacheControl.ShouldNotBeNull().NoStore.ShouldBeTrue();
        response.Headers.Contains("Strict-Transport-Security").ShouldBeFalse("TLS does not end here");
    }

    [Fact]
    public async Task Should_answer_for_its_own_hosts_only()
    {
        await using var server = await ApiServer.StartAsync(settings: [("AllowedHosts", "saga.example;127.0.0.1")]);

        (await StatusAsync(server.Viewer, "saga.example")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(server.Viewer, "rebound.example")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("*", true)]
    [InlineData("saga.example;*", true)]
    [InlineData("saga.example;127.0.0.1", false)]
    public async Task Should_say_at_start_that_it_answers_for_every_host(string hosts, bool said)
    {
        await using var server = await ApiServer.StartAsync(settings: [("AllowedHosts", hosts)]);

        server.Logs.All.Any(l => l.StartsWith("2663 ", StringComparison.Ordinal) && l.Contains("AllowedHosts", StringComparison.Ordinal)).ShouldBe(said);
    }

    [Fact]
    public async Task Should_ask_browsers_for_TLS_where_TLS_ends_here()
    {
        using var certificate = Certificate();
        await using var server = await ApiServer.StartAsync(configure: b => b.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate))));
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString() } };
        using var client = new HttpClient(handler) { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live") { Headers = { Host = "saga.example" } };

        using var response = await client.SendAsync(request);

        response.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/plans") { Headers = { Host = host } };
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=saga.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // Windows needs the key in a store; a round trip works everywhere.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
