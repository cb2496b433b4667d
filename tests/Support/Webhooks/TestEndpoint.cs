using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Saga.Tests.Support.Webhooks;

/// <summary>
/// A team's endpoint: a real https server on this machine with a certificate of its own authority. It checks signatures with code of its own, as a
/// receiver would.
/// </summary>
public sealed class TestEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly X509Certificate2 certificate;
    private readonly List<EndpointCall> calls = [];

    private TestEndpoint(WebApplication app, X509Certificate2 certificate, string caFile) => (this.app, this.certificate, CaFile) = (app, certificate, caFile);

    /// <summary>The secrets that it accepts, in the form <c>whsec_…</c>.</summary>
    public IList<string> Secrets { get; } = [NewSecret()];

    /// <summary>How it answers; 204 when null.</summary>
    public Func<EndpointCall, EndpointReply>? Answer { get; set; }

    /// <summary>A PEM file with the authority of its certificate.</summary>
    public string CaFile { get; }

    public int Port { get; private set; }

    public IReadOnlyList<EndpointCall> Calls
    {
        get
        {
            lock (calls)
                return [.. calls];
        }
    }

    /// <param name="name">The host in its certificate.</param>
    public static async Task<TestEndpoint> StartAsync(string name = "localhost")
    {
        var own = Certificate(name);
        var caFile = Path.Combine(Path.GetTempPath(), $"saga-endpoint-{Guid.NewGuid():n}.pem");
        await File.WriteAllTextAsync(caFile, own.ExportCertificatePem());
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l =>
        {
            l.Protocols = HttpProtocols.Http1;
            l.UseHttps(own);
        }));
        builder.Logging.ClearProviders();
        var endpoint = new TestEndpoint(builder.Build(), own, caFile);
        endpoint.app.Run(endpoint.HandleAsync);
        await endpoint.app.StartAsync();
        endpoint.Port = new Uri(endpoint.app.Urls.First()).Port;
        return endpoint;
    }

    public static string NewSecret() => "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public string UrlOf(string path, string host = "localhost") => string.Create(CultureInfo.InvariantCulture, $"https://{host}:{Port}{path}");

    /// <summary>Nobody listens from here on.</summary>
    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
        File.Delete(CaFile);
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var call = Read(context.Request, buffer.ToArray());
        lock (calls)
            calls.Add(call);
        var reply = Answer?.Invoke(call) ?? new EndpointReply(204);
        if (reply.When is { } when)
            await when.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (reply.Aborts || context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = reply.Status;
        if (reply.Location is not null)
            context.Response.Headers.Location = reply.Location;
        if (reply.RetryAfter is not null)
            context.Response.Headers.RetryAfter = reply.RetryAfter;
        if (reply.Json is null)
            return;
        context.Response.ContentType = reply.ContentType;
        await context.Response.WriteAsync(reply.Json);
    }

    private EndpointCall Read(HttpRequest request, byte[] body)
    {
        var id = request.Headers["webhook-id"].ToString();
        var timestamp = request.Headers["webhook-timestamp"].ToString();
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var expected = Secrets.Select(s => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(s["whsec_".Length..]), signed))).ToList();
        var valid = request.Headers["webhook-signature"].ToString().Split(' ').Count(expected.Contains);
        return new(
            request.Method, request.GetEncodedPathAndQuery(), id,
            DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture)), valid, Encoding.UTF8.GetString(body));
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // A key in memory only is not used by every platform's TLS.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
