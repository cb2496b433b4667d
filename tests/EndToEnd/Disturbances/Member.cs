using System.Globalization;
using System.Net;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>One process of an installation. After a restart it has the same address.</summary>
internal sealed class Member : IDisposable
{
    private readonly string program;
    private readonly IReadOnlyDictionary<string, string?> settings;
    private FormerPrograms? former;
    private ProgramProcess process;

    /// <param name="program">The program's name.</param>
    /// <param name="settings">Configuration keys and their values.</param>
    /// <param name="former">The programs of the version before, to begin with; null for this version's.</param>
    public Member(string program, IReadOnlyDictionary<string, string?> settings, FormerPrograms? former = null)
    {
        (this.program, this.settings, this.former) = (program, settings, former);
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}"));
        process = Start();
    }

    public string Program => program;

    public bool IsFormer => former is not null;

    public Uri Address { get; }

    public void Freeze() => process.Freeze();

    public void Thaw() => process.Thaw();

    /// <summary>Kills it and starts it again at once.</summary>
    public void Crash()
    {
        process.Dispose();
        process = Start();
    }

    /// <summary>Stops it in order, and starts it again.</summary>
    public async Task RestartAsync(HttpClient http)
    {
        await StopAsync();
        process.Dispose();
        process = Start();
        await ReadyAsync(http);
    }

    /// <summary>Stops it in order, and starts this version in its place.</summary>
    public Task UpgradeAsync(HttpClient http)
    {
        former = null;
        return RestartAsync(http);
    }

    public async Task StopAsync() => (await process.TerminateAsync()).ShouldBe(0, $"{program}: {process.Errors}");

    public async Task ReadyAsync(HttpClient http)
    {
        var last = "no answer";
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    process.HasExited.ShouldBeFalse($"{program}: {process.Errors}{process.Output}");
                    try
                    {
                        using var answer = await http.GetAsync(new Uri(Address, "/health/ready"));
                        last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                        return answer.StatusCode == HttpStatusCode.OK;
                    }
                    catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
                    {
                        last = error.Message;
                        return false;
                    }
                }, $"{program} is ready", TimeSpan.FromMinutes(2));
        }
        catch (TimeoutException error)
        {
            // What the health checks log at every look would hide the rest.
            var output = process.Output.Split('\n').Where(l => !l.Contains("DefaultHealthCheckService", StringComparison.Ordinal));
            throw new TimeoutException($"{error.Message} Its last answer: {last}\n{process.Errors}{string.Join('\n', output)}", error);
        }
    }

    public void Dispose() => process.Dispose();

    private ProgramProcess Start() => new(former?.Find(program) ?? program, settings, $"--{(program == "Saga.Api" ? "urls" : "Saga:Health:Url")}={Address.GetLeftPart(UriPartial.Authority)}", "--Saga:Log:Console=Information");
}
