using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Host.Embedded.Identity;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Identity;

/// <summary>The embedded issuer in its own web application, mapped like in the host.</summary>
public sealed class RunningIssuer : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningIssuer(WebApplication app, string issuer, string folder)
    {
        this.app = app;
        Issuer = issuer;
        Folder = folder;
        Http = new HttpClient { BaseAddress = new Uri(issuer + "/") };
    }

    public string Issuer { get; }

    public string Folder { get; }

    public HttpClient Http { get; }

    public SigningKeys Keys => app.Services.GetRequiredService<SigningKeys>();

    public static async Task<RunningIssuer> StartAsync(string? folder = null, TimeProvider? time = null, IEnumerable<KeyValuePair<string, string?>>? settings = null, NpgsqlDataSource? registry = null)
    {
        folder ??= Path.Combine(Path.GetTempPath(), $"saga-issuer-{Guid.NewGuid():n}");
        var address = $"http://127.0.0.1:{FreePorts.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(
        [
            new("Saga:Mode", "embedded"),
            new("Saga:Identity:Embedded:Issuer", address + EmbeddedIssuer.Path),
            new("Saga:Identity:Embedded:Folder", folder),
            .. settings ?? [],
        ]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        if (time is not null)
            builder.Services.AddSingleton(time);
        if (registry is not null)
            builder.Services.AddSingleton(registry);
        builder.Services.AddEmbeddedIssuer(builder.Configuration);
        var built = builder.Build();
        built.MapEmbeddedIssuer();
        await built.StartAsync();
        return new RunningIssuer(built, address + EmbeddedIssuer.Path, folder);
    }

    public string Secret(string client) => File.ReadAllText(IssuerClients.SecretFile(Folder, client));

    public Task<HttpResponseMessage> AskAsync(params (string Key, string Value)[] form) =>
        Http.PostAsync("token", new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Key, f.Value))));

    public Task<HttpResponseMessage> AskAsync(string client, string secret) =>
        AskAsync(("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret));

    public async Task<string> TokenAsync(string client = IssuerClients.Admin)
    {
        using var response = await AskAsync(client, Secret(client));
        response.EnsureSuccessStatusCode();
        return (await JsonAsync(response)).GetProperty("access_token").GetString()!;
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>Stops it and keeps the folder, so that another issuer can start with it.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
