using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Preparation;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_server_has_few_connections(OwnServer server) : IClassFixture<OwnServer>
{
    private const int Budget = 6;

    [Fact]
    public async Task Should_never_open_more_than_the_budget_and_still_finish_every_tenant()
    {
        await using var observer = NpgsqlDataSource.Create(server.ConnectionString);
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: ("Saga:Databases:MaxConnectionsPerServer", $"{Budget}"));
        using var done = new CancellationTokenSource();
        var watching = WatchAsync(observer, Provisioner.DefaultName, done.Token);

        IsolationTier[] tiers = [IsolationTier.Row, IsolationTier.Schema, IsolationTier.Database];
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            var tenant = await world.ReadyAsync(tiers[i % tiers.Length]);
            await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
        }));

        await done.CancelAsync();
        var (most, looks) = await watching;
        looks.ShouldBeGreaterThan(10);
        most.ShouldBeGreaterThan(1);
        most.ShouldBeLessThanOrEqualTo(Budget);
    }

    private static async Task<(long Most, int Looks)> WatchAsync(NpgsqlDataSource observer, string name, CancellationToken until)
    {
        var (most, looks) = (0L, 0);
        await using var connection = await observer.OpenConnectionAsync(CancellationToken.None);
        await using var count = new NpgsqlCommand("select count(*) from pg_stat_activity where usename = $1", connection) { Parameters = { new() { Value = name } } };
        for (; !until.IsCancellationRequested; looks++)
            most = Math.Max(most, (long)(await count.ExecuteScalarAsync(CancellationToken.None))!);
        return (most, looks);
    }
}
