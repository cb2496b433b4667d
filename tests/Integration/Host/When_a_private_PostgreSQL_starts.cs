using System.Globalization;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

public sealed class When_a_private_PostgreSQL_starts : IAsyncDisposable
{
    private readonly string home = HostProcess.NewFolder();
    private PrivatePostgres? server;

    // The user who runs PostgreSQL when the tests run as root.
    public When_a_private_PostgreSQL_starts() => File.SetUnixFileMode(home, (UnixFileMode)0b111_101_101);

    private string Folder => Path.Combine(home, "postgres");

    private string Data => Path.Combine(Folder, "data");

    [Fact]
    public async Task Should_begin_again_after_its_first_start_was_interrupted()
    {
        using (var interrupt = new CancellationTokenSource())
        {
            var start = PrivatePostgres.StartAsync(Folder, cancellationToken: interrupt.Token);
            await Until.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(Data + ".new", "PG_VERSION"))), "initdb is at work");
            await interrupt.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(start);
        }

        HostProcess.ProcessesOf(Folder).ShouldBeEmpty("initdb ends with the start");
        Directory.Exists(Data).ShouldBeFalse("it appears when it is whole");

        await StartsAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("1\n/elsewhere\n1\n5432\n\n127.0.0.1\n\nready\n")]
    public async Task Should_not_take_a_process_of_the_past_for_its_own(string lockFile)
    {
        await StartsAsync();
        await server!.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(Data, "postmaster.pid"), lockFile);
        // As the server's user would have left it.
        File.SetUnixFileMode(Path.Combine(Data, "postmaster.pid"), (UnixFileMode)0b110_000_000);

        await StartsAsync();
    }

    [Fact]
    public async Task Should_not_take_a_living_process_of_the_same_user_for_its_own()
    {
        await StartsAsync();
        await server!.StopAsync();
        var other = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(Path.Combine(Data, "postmaster.pid"), $"{other}\n{Data}\n1\n{server.Port}\n\n127.0.0.1\n\nready\n");

        await StartsAsync();
    }

    [Theory]
    [InlineData("data", "PG_VERSION")]
    [InlineData("password", "")]
    public async Task Should_say_in_one_sentence_what_to_do_about_files_that_it_cannot_use(string file, string inside)
    {
        await StartsAsync();
        await server!.StopAsync();
        if (inside.Length == 0)
        {
            await File.WriteAllTextAsync(Path.Combine(Folder, file), "");
        }
        else
        {
            // As an interrupted initdb of an earlier version left it.
            Directory.Delete(Path.Combine(Folder, file, "global"), recursive: true);
        }

        var error = await Should.ThrowAsync<InvalidOperationException>(() => PrivatePostgres.StartAsync(Folder));

        error.Message.ShouldContain($"If its data is not needed, delete {Folder}; the next start creates a new cluster.");
        error.Message.ShouldNotContain("\n");
        HostProcess.ProcessesOf(Folder).ShouldBeEmpty();
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_never_let_another_user_read_the_password()
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, "password");
        await File.WriteAllTextAsync(file, "");
        File.SetUnixFileMode(file, (UnixFileMode)0b110_110_110);
        // Somebody who opened it while it was readable by all.
        await using var early = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

        await StartsAsync();

        early.Length.ShouldBe(0, "the password was written into a file that others could read");
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.StopAsync(immediate: true);
        NpgsqlConnection.ClearAllPools();
        Directory.Delete(home, recursive: true);
    }

    private async Task StartsAsync()
    {
        server = await PrivatePostgres.StartAsync(Folder, ["fsync=off"]);
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
    }
}
