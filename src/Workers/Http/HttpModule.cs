using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Processes;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>Custom steps that call endpoints.</summary>
public sealed class HttpModule : ResourceModule
{
    public override string Worker => WorkerNames.Http;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddOptionsWithValidateOnStart<HttpStepsOptions, HttpStepsOptionsValidation>().Bind(configuration.GetSection(HttpStepsOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new EndpointConnector(s.GetRequiredService<IOptions<HttpStepsOptions>>().Value.AllowedHosts, Dns.GetHostAddressesAsync));
        services.TryAddSingleton(s => new EndpointWire(
            Connect(s.GetRequiredService<IOptions<HttpStepsOptions>>().Value, s.GetRequiredService<EndpointConnector>()),
            s.GetRequiredService<IOptions<HttpStepsOptions>>(), s.GetRequiredService<TimeProvider>()));
        // A command is refused while no process can sign its calls.
        services.AddSingleton(s => new ProcessPart { Steps = [.. s.GetRequiredService<IOptions<HttpStepsOptions>>().Value.Secrets.Keys.Select(HttpCall.HostedBy)] });
        services.AddSingleton<IStep, HttpStep>();
    }

    // No proxy: it would resolve the name again. No redirects and no cookies: a call goes to the endpoint in the list and nowhere else.
    internal static HttpClient Connect(HttpStepsOptions options, EndpointConnector connector) =>
        new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectSeconds),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = connector.ConnectAsync,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = options.CaFile is { } file ? Trusting(file) : null },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    // The machine's authorities, or those in the file.
    private static RemoteCertificateValidationCallback Trusting(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return (_, certificate, presented, errors) =>
        {
            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
                return errors == SslPolicyErrors.None;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            if (presented is not null)
                chain.ChainPolicy.ExtraStore.AddRange(presented.ChainElements.Select(e => e.Certificate).ToArray());
            return chain.Build(leaf);
        };
    }
}
