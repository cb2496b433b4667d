using System.Net;
using System.Text.RegularExpressions;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

/// <summary>Mode local, with all of its private servers.</summary>
[Collection(OneHostAtATime.Name)]
public sealed class When_a_machine_is_hostile : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();
    private readonly string machine = HostProcess.NewFolder();

    [Fact]
    public async Task Should_read_nothing_of_the_machines_and_outlive_the_deaths_of_its_servers()
    {
        await using var host = HostProcess.StartWith(HostileMachine.Settings(machine), folder, "--Saga:Mode=local");
        await host.SaysAsync("The tenant 'demo' is active after");
        var ready = new Uri((await host.SaysAsync("Saga is up")).Split(' ')[3] + "/health/ready");
        using var http = new HttpClient(new HttpClientHandler { UseProxy = false });

        HostProcess.Kill(folder, "beam.smp").ShouldBe(1);

        await Until.TrueAsync(async () => await StatusAsync() == HttpStatusCode.ServiceUnavailable, "the broker is known to be away", TimeSpan.FromMinutes(1));
        await host.SaysAsync("RabbitMQ has ended and is being started again");
        await Until.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK, "the broker is back", TimeSpan.FromMinutes(3));
        foreach (var (process, name) in new[] { ("bin/postgres", "PostgreSQL"), ("redis-server", "Redis"), ("ceph-mon", "ceph-mon"), ("ceph-osd", "ceph-osd"), ("radosgw", "radosgw") })
        {
            HostProcess.Kill(folder, process).ShouldBeGreaterThan(0, process);
            await host.SaysAsync($"{name} runs again");
        }

        await Until.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK, "everything is back", TimeSpan.FromMinutes(3));
        Regex.Count(host.Output, "Connection Failed: rabbitmq", RegexOptions.None, TimeSpan.FromSeconds(1)).ShouldBeLessThanOrEqualTo(3, host.Output);
        (await host.InterruptAsync()).ShouldBe(0);
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();

        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await http.GetAsync(ready);
            return answer.StatusCode;
        }
    }

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        Directory.Delete(machine, recursive: true);
    }
}
