using System.Diagnostics;
using System.Net;
using Saga.Lifecycle.Provision;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

public sealed class When_the_host_is_tried_out : IDisposable
{
    // Users have such folders too.
    private readonly string folder = Path.Combine(HostProcess.NewFolder(), "my data");

    // PostgreSQL's user passes through it when the tests run as root.
    public When_the_host_is_tried_out() => File.SetUnixFileMode(Path.GetDirectoryName(folder)!, (UnixFileMode)0b111_001_001);

    [Fact]
    public async Task Should_provision_a_demo_tenant_and_leave_nothing_running_after_Ctrl_C()
    {
        await using var host = HostProcess.Start(folder);

        await host.SaysAsync("The tenant 'demo' is active after");
        foreach (var step in ProvisionWorkflow.Definition.Steps)
            host.Output.ShouldMatch($@"\n  {step.Name} +succeeded +\d+ ms");
        (await host.InterruptAsync()).ShouldBe(0);
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_find_everything_again()
    {
        // Files are readable by everybody unless their creator says otherwise.
        await using (var first = HostProcess.StartAfter("umask 000", folder))
        {
            await first.SaysAsync("Saga is up");
            await first.TerminateAsync();
        }

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

    [Fact]
    public async Task Should_print_a_token_command_that_works_anywhere_and_link_mails_to_a_page()
    {
        await using var host = HostProcess.Start(folder, "--Saga:Databases:Servers:main:MaxTenants=20000");
        var address = (await host.SaysAsync("Saga is up")).Split(' ')[3];

        (await RunAsync(TokenCommand(host.Output) + "\nprintf %s \"$TOKEN\"")).Split('.').Length.ShouldBe(3, "a JWT");
        var mail = Directory.GetFiles(Path.Combine(folder, "mail")).ShouldHaveSingleItem();
        Path.GetFileName(mail).ShouldStartWith("admin@demo.example-");
        var link = $"{address}/sign-in";
        (await File.ReadAllTextAsync(mail)).ShouldContain($"Sign in as admin@demo.example: {link}");
        using var http = new HttpClient();
        using var page = await http.GetAsync(new Uri(link));
        page.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
    }

    [Fact]
    public async Task Should_refuse_a_second_one_on_the_same_folder()
    {
        await using var first = HostProcess.Start(folder, "--Saga:Demo:Enabled=false");
        var address = (await first.SaysAsync("Saga is up")).Split(' ')[3];

        await using var second = HostProcess.Start(folder);

        (await second.EndsAsync()).ShouldBe(2);
        second.Output.ShouldStartWith($"saga: The data folder {folder} is in use by another Saga (process ");
        second.Output.ShouldContain(address);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(address + "/health/live"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);

    // Files of the folder that others than their owner may read.
    private static IEnumerable<string> Readers(string path) =>
        (Directory.Exists(path) ? Directory.GetFiles(path) : [path]).Where(f => (File.GetUnixFileMode(f) & (UnixFileMode)0b000_111_111) != UnixFileMode.None);

    private static string TokenCommand(string output)
    {
        var begin = output.IndexOf("TOKEN=$(", StringComparison.Ordinal);
        return output[begin..(output.IndexOf(@"\1/')", begin, StringComparison.Ordinal) + 5)];
    }

    private static async Task<string> RunAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = "/", RedirectStandardOutput = true, UseShellExecute = false })!;
        return await shell.StandardOutput.ReadToEndAsync();
    }
}
