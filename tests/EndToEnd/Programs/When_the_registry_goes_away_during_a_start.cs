using System.Globalization;
using System.Net;
using Dapper;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Programs;

/// <summary>PostgreSQL stops after the registry was migrated, while the workers register the servers for tenants in it.</summary>
[Collection(Alone.Name)]
[InTurn(2, of: 3)]
public sealed class When_the_registry_goes_away_during_a_start
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_wait_for_it_and_start()
    {
        var site = await (await World.SharedAsync()).NewSiteAsync();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}");
        using var http = new HttpClient();

        using var workers = await StartAsync(site, waitSeconds: 600, "--Saga:Health:Url=" + address);
        await Until.TrueAsync(() => Task.FromResult(workers.HasExited || workers.Output.Contains("Waiting for the registry", StringComparison.Ordinal)), "it logs what it waits for", Patience);
        workers.HasExited.ShouldBeFalse(workers.Errors + workers.Output);
        await site.World.RestartPostgresAsync();

        await Until.TrueAsync(async () => workers.HasExited || await IsReadyAsync(http, address), "it is ready", Patience);
        // It is ready before all of it has started, and would say that the signal came before.
        await Until.TrueAsync(() => Task.FromResult(workers.HasExited || workers.Output.Contains("Application started", StringComparison.Ordinal)), "it has started", Patience);
        (await workers.TerminateAsync()).ShouldBe(0, workers.Errors + workers.Output);
        workers.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_end_with_a_code_and_a_message_when_it_stays_away()
    {
        var site = await (await World.SharedAsync()).NewSiteAsync();
        try
        {
            using var workers = await StartAsync(site, waitSeconds: 1);

            (await workers.EndsAsync()).ShouldBe(3, workers.Errors + workers.Output);
            workers.Errors.ShouldStartWith("saga-workers: Saga:Registry:ConnectionString: the registry did not answer within 1 s (Saga:Startup:WaitSeconds)");
            workers.Errors.Trim().Split('\n').ShouldHaveSingleItem();
        }
        finally
        {
            await site.World.RestartPostgresAsync();
        }
    }

    // Returns when PostgreSQL has stopped. Its stop also ends the transaction that kept the start at this part.
    private static async Task<ProgramProcess> StartAsync(Site site, int waitSeconds, params string[] arguments)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("lock table database_servers in access exclusive mode", transaction: transaction);
        var workers = new ProgramProcess("Saga.Workers", site.Settings, [string.Create(CultureInfo.InvariantCulture, $"--Saga:Startup:WaitSeconds={waitSeconds}"), .. arguments]);
        await Until.TrueAsync(
            async () => workers.HasExited || await connection.ExecuteScalarAsync<long>(
                "select count(*) from pg_locks where not granted and relation = 'database_servers'::regclass", transaction: transaction) > 0,
            "the start registers the servers", Patience);
        workers.HasExited.ShouldBeFalse(workers.Errors + workers.Output);
        await site.World.StopPostgresAsync();
        return workers;
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, string address)
    {
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
