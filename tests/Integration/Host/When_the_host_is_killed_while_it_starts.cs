using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_is_killed_while_it_starts : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    public async Task Should_leave_no_process_and_start_from_whatever_is_there()
    {
        foreach (var moment in new[] { "ceph-mon", "beam.smp", "radosgw-admin", "initdb" })
        {
            await using var killed = HostProcess.Start(folder, "--Saga:Mode=local", "--Saga:Demo:Enabled=false");
            await killed.RunsAsync(moment);
            await killed.KillAsync();
            await NothingIsLeftAsync(moment);
        }

        await using (var stopped = HostProcess.Start(folder, "--Saga:Mode=local", "--Saga:Demo:Enabled=false"))
        {
            await stopped.RunsAsync("ceph-mon");
            await stopped.TerminateAsync();
            HostProcess.ProcessesOf(folder).ShouldBeEmpty("everything ends before the host that was asked to");
        }

        await using var host = HostProcess.Start(folder, "--Saga:Mode=local", "--Saga:Demo:Enabled=false");
        await host.SaysAsync("Saga is up");
        await host.KillAsync();
        await NothingIsLeftAsync("a complete start");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Task NothingIsLeftAsync(string moment) =>
        Until.TrueAsync(() => Task.FromResult(HostProcess.ProcessesOf(folder).Count == 0), $"no process outlives a host that is killed at {moment}");
}
