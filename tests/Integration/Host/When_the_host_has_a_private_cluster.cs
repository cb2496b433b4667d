using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

[IsolationSuite]
[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_has_a_private_cluster : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    public async Task Should_let_no_program_sign_in_as_a_superuser()
    {
        await using var host = HostProcess.Start(folder);
        await host.SaysAsync("The tenant 'demo' is active after");

        var sessions = HostProcess.ProcessesOf(folder).Where(p => p.StartsWith("postgres: saga_", StringComparison.Ordinal)).Select(p => p.Split(' ')[1]).ToHashSet(StringComparer.Ordinal);
        sessions.ShouldContain("saga_programs");
        sessions.ShouldContain("saga_provisioner");
        sessions.ShouldNotContain("saga_admin");
        host.Output.ShouldNotContain("permission denied");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
