using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_is_tried_out : IDisposable
{
    // Users have such folders too.
    private readonly string folder = Path.Combine(HostProcess.NewFolder(), "my data");

    // PostgreSQL's user passes through it when the tests run as root.
    public When_the_host_is_tried_out() => File.SetUnixFileMode(Path.GetDirectoryName(folder)!, (UnixFileMode)0b111_001_001);

    [IsolationSuite]
    [Fact]
    public async Task Should_leave_nothing_running_after_Ctrl_C_and_find_everything_again()
    {
        // Files are readable by everybody unless their creator says otherwise.
        await using (var first = HostProcess.StartAfter("umask 000", folder))
        {
            await first.SaysAsync("Saga is up");
            (await first.InterruptAsync()).ShouldBe(0);
        }

        HostProcess.ProcessesOf(folder).ShouldBeEmpty();

        foreach (var kept in (string[])["secrets", "identity", "postgres/password", "postgres/postgres.log"])
            Readers(Path.Combine(folder, kept)).ShouldBeEmpty();

        await using var second = HostProcess.Start(folder);

        await second.SaysAsync("The tenant 'demo' exists and is active.");
        var secret = Path.Combine(folder, "identity", "saga-admin.secret");
        (await second.SaysAsync("client_secret@")).ShouldContain($" 'client_secret@{secret}' ");
        File.GetUnixFileMode(secret).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Should_continue_with_what_a_kill_interrupted()
    {
        await using (var first = HostProcess.Start(folder))
        {
            await first.SaysAsync("database.create      running");
            await first.KillAsync();
        }

        await Until.TrueAsync(() => Task.FromResult(HostProcess.ProcessesOf(folder).Count == 0), "no process outlives the host");
        await using var second = HostProcess.Start(folder);

        await second.SaysAsync("Resuming the operation");
        await second.SaysAsync("The tenant 'demo' is active after");
        await second.InterruptAsync();
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);

    // Files of the folder that others than their owner may read.
    private static IEnumerable<string> Readers(string path) =>
        (Directory.Exists(path) ? Directory.GetFiles(path) : [path]).Where(f => (File.GetUnixFileMode(f) & (UnixFileMode)0b000_111_111) != UnixFileMode.None);
}
