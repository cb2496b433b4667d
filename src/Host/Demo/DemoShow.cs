using Microsoft.Extensions.Configuration;
using Saga.Api.Tenants;
using Saga.Client;
using Saga.Host.Embedded;
using Spectre.Console;

namespace Saga.Host.Demo;

/// <summary>The output of an evaluation host at its start: the demo tenant, and what to do next.</summary>
internal static class DemoShow
{
    public static async Task ShowAsync(IConfiguration configuration, string address, DataFolder? folder, CancellationToken stop)
    {
        var output = AnsiConsole.Profile.Out.Writer;
        var options = configuration.GetSection(DemoOptions.Section).Get<DemoOptions>() ?? new DemoOptions();
        try
        {
            if (options is { Enabled: true, ClientId: { Length: > 0 } client, ClientSecretFile: { Length: > 0 } file })
            {
                var secret = (await File.ReadAllTextAsync(file, stop)).Trim();
                using var api = await ApiClient.ConnectAsync(address, configuration["Saga:Auth:Authority"]!, client, secret, stop);
                var tenant = await new DemoTenant(api, IStepDisplay.For(AnsiConsole.Console), output).EnsureAsync(stop);
                await output.WriteLineAsync(NextSteps(api.TokenEndpoint, api.Address, client, Path.GetFullPath(file), tenant));
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            await output.WriteLineAsync($"The demo tenant could not be provisioned: {e.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }

        await output.WriteLineAsync($"Saga is up: {address}{(folder is null ? "" : $"   data: {folder.Path}")}   Ctrl-C stops it.");
        await output.FlushAsync(CancellationToken.None);
    }

    internal static string NextSteps(Uri tokenEndpoint, Uri api, string client, string file, TenantView? tenant) =>
        $"""

        A token (the secret stays in its file):
          TOKEN=$(curl -s {tokenEndpoint} -d grant_type=client_credentials -d client_id={client} \
            --data-urlencode {ShellText.Quote("client_secret@" + file)} | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')

        Then, for one:
          curl -s -H "Authorization: Bearer $TOKEN" {new Uri(api, $"/api/v1/tenants{(tenant is null ? "" : "/" + tenant.Slug)}")}

        """;
}
