using System.Net;
using Saga.Lifecycle.Provision;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

public sealed class When_the_host_is_tried_out : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();

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

    [Fact]
    public async Task Should_find_everything_again()
    {
        await using (var first = HostProcess.Start(folder))
        {
            await first.SaysAsync("Saga is up");
            await first.TerminateAsync();
        }

        await using var second = HostProcess.Start(folder);

        await second.SaysAsync("The tenant 'demo' exists and is active.");
        var token = (await second.SaysAsync("client_secret@")).Split('@')[1].Split(' ')[0];
        File.GetUnixFileMode(token).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Should_continue_with_what_a_kill_interrupted()
    {
        await using (var first = HostProcess.Start(folder))
        {
            await first.SaysAsync("database.create      running");
            await first.KillAsync();
        }

        HostProcess.ProcessesOf(folder).ShouldNotBeEmpty("PostgreSQL outlives a killed host");
        await using var second = HostProcess.Start(folder);

        await second.SaysAsync("Resuming the operation");
        await second.SaysAsync("The tenant 'demo' is active after");
        await second.InterruptAsync();
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
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

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
