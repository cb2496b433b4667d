using System.Diagnostics;
using System.Net;
using Saga.Lifecycle.Provision;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

/// <summary>What a user sees of a running host. One host serves all tests, because starting one takes seconds.</summary>
[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_is_up(When_the_host_is_up.Running running) : IClassFixture<When_the_host_is_up.Running>
{
    [Fact]
    public async Task Should_have_provisioned_a_demo_tenant()
    {
        await running.Host.SaysAsync("The tenant 'demo' is active after");

        foreach (var step in ProvisionWorkflow.Definition.Steps)
            running.Host.Output.ShouldMatch($@"\n  {step.Name} +succeeded +\d+ ms");
    }

    [Fact]
    public async Task Should_print_a_token_command_that_works_anywhere_and_link_mails_to_a_page()
    {
        var address = await running.AddressAsync();

        (await RunAsync(TokenCommand(running.Host.Output) + "\nprintf %s \"$TOKEN\"")).Split('.').Length.ShouldBe(3, "a JWT");
        var mail = Directory.GetFiles(Path.Combine(running.Folder, "mail")).ShouldHaveSingleItem();
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
        var address = await running.AddressAsync();

        await using var second = HostProcess.Start(running.Folder);

        (await second.EndsAsync()).ShouldBe(2);
        second.Output.ShouldStartWith($"saga: The data folder {running.Folder} is in use by another Saga (process ");
        second.Output.ShouldContain(address);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(address + "/health/live"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

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

    public sealed class Running : IAsyncLifetime
    {
        // Users have such folders too.
        public string Folder { get; } = Path.Combine(HostProcess.NewFolder(), "my data");

        public HostProcess Host { get; private set; } = null!;

        public async Task<string> AddressAsync() => (await Host.SaysAsync("Saga is up")).Split(' ')[3];

        public ValueTask InitializeAsync()
        {
            // PostgreSQL's user passes through it when the tests run as root.
            File.SetUnixFileMode(Path.GetDirectoryName(Folder)!, (UnixFileMode)0b111_001_001);
            Host = HostProcess.Start(Folder, "--Saga:Databases:Servers:main:MaxTenants=20000");
            return ValueTask.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
        }
    }
}
