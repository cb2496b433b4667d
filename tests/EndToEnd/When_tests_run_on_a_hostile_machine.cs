using System.Diagnostics;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd;

public sealed class When_tests_run_on_a_hostile_machine
{
    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_start_servers_that_read_nothing_of_the_machines()
    {
        var machine = Directory.CreateTempSubdirectory("saga-test-hostile-").FullName;
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Saga.Tests.CrashHost"), ["servers"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var (name, value) in HostileMachine.Settings(machine))
            start.Environment[name] = value;
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        var said = await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

        // The servers end with it.
        run.Kill();
        said.ShouldBe("started", await errors);
        Directory.Delete(machine, recursive: true);
    }
}
