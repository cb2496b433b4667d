using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Integration.Api;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Walls;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_server_is_prepared_by_a_script(UnpreparedServer server) : IClassFixture<UnpreparedServer>
{
    [Fact]
    public async Task Should_lack_nothing_and_take_tenants()
    {
        var script = ServerPreparation.Script(new Provisioner("scripted's", "pa55"));
        script.ShouldNotContain("pa55");
        await PsqlAsync(script);
        await PsqlAsync(script);

        var lines = new LogLines();
        var workers = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "scripted's", Password = "pa55" }.ConnectionString;
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: workers, change: s => s.AddSingleton<ILoggerProvider>(lines));
        await world.Get<ServerWalls>().CheckAsync("main", default);
        lines.All.Where(l => l.StartsWith("246", StringComparison.Ordinal)).ShouldBeEmpty();
        foreach (var tier in Enum.GetValues<IsolationTier>())
            await world.ReadyAsync(tier);
    }

    private async Task PsqlAsync(string script)
    {
        var admin = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        var start = new ProcessStartInfo("psql", ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", $"--host={admin.Host}", $"--port={admin.Port}", $"--username={admin.Username}", "postgres"])
        {
            RedirectStandardInput = true, RedirectStandardError = true, UseShellExecute = false, Environment = { ["PGPASSWORD"] = admin.Password },
        };
        using var psql = Process.Start(start)!;
        await psql.StandardInput.WriteAsync(script);
        psql.StandardInput.Close();
        var errors = await psql.StandardError.ReadToEndAsync();
        await psql.WaitForExitAsync();
        psql.ExitCode.ShouldBe(0, errors);
    }
}
