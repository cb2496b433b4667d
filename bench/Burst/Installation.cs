using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Saga.Bench.Servers;
using Saga.Tests.Support;

namespace Saga.Bench.Burst;

/// <summary>Two processes of each program, started as an operator starts them.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private static readonly string[] Plans = ["basic", "premium", "enterprise"];
    private readonly List<ProgramProcess> programs;
    private readonly List<HttpClient> apis;
    private int putOff;
    private int refused;

    private Installation(List<ProgramProcess> programs, List<HttpClient> apis) => (this.programs, this.apis) = (programs, apis);

    /// <summary>POSTs since the last call that were answered with 503 and made again.</summary>
    public int TakePutOff() => Interlocked.Exchange(ref putOff, 0);

    /// <summary>POSTs that were refused because the servers are full, since the last call.</summary>
    public int TakeRefused() => Interlocked.Exchange(ref refused, 0);

    public static async Task<Installation> StartAsync(ExternalSystems systems, IReadOnlyDictionary<string, string?> settings, TimeProvider time)
    {
        var (programs, apis) = (new List<ProgramProcess>(), new List<HttpClient>());
        var installation = new Installation(programs, apis);
        var addresses = new List<(ProgramProcess Process, string Address)>();
        foreach (var program in (string[])["Saga.Workers", "Saga.Orchestrator", "Saga.Api", "Saga.Workers", "Saga.Orchestrator", "Saga.Api"])
        {
            var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}");
            programs.Add(new ProgramProcess(program, settings, program == "Saga.Api" ? $"--urls={address}" : $"--Saga:Health:Url={address}", "--Saga:Log:Console=Warning"));
            addresses.Add((programs[^1], address));
            if (program != "Saga.Api")
                continue;
            apis.Add(new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) });
            apis[^1].DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", systems.Token(time));
        }

        using var http = new HttpClient();
        foreach (var (process, address) in addresses)
            await Until.TrueAsync(() => IsReadyAsync(http, process, address), $"{address} is ready", TimeSpan.FromSeconds(120));
        return installation;
    }

    /// <summary>All at once, to both APIs in turn; all three tiers in turn.</summary>
    public Task PostAsync(BurstRun run) => Task.WhenAll(Enumerable.Range(0, run.Tenants).Select(async i =>
    {
        var slug = string.Create(CultureInfo.InvariantCulture, $"{run.Prefix}-{i}");
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tenants")
            {
                Content = JsonContent.Create(new { name = slug, slug, plan = Plans[i % Plans.Length], adminEmail = $"admin@{slug}.example.com" }),
            };
            request.Headers.Add("Idempotency-Key", slug);
            using var answer = await apis[i % apis.Count].SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.Accepted)
                return;
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.StatusCode != HttpStatusCode.Conflict || !text.Contains("server-full", StringComparison.Ordinal))
                    throw new InvalidOperationException($"POST /api/v1/tenants answered {(int)answer.StatusCode}: {text}");
                Interlocked.Increment(ref refused);
                return;
            }

            Interlocked.Increment(ref putOff);
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
        }
    }));

    /// <summary>What the programs logged: warnings and errors.</summary>
    public string Log => string.Join('\n', programs.Select(p => p.Output + p.Errors));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(programs.Select(p => p.TerminateAsync()));
        programs.ForEach(p => p.Dispose());
        apis.ForEach(a => a.Dispose());
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, ProgramProcess process, string address)
    {
        if (process.HasExited)
            throw new InvalidOperationException(process.Errors + process.Output);
        try
        {
            using var answer = await http.GetAsync(new Uri(address + "/health/ready"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
