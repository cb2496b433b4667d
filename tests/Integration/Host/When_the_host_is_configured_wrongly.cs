using System.Net;
using System.Net.Sockets;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_is_configured_wrongly : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();

    [Theory]
    [InlineData("--Saga:Mode=production", "saga: Saga:Mode is 'production'. It must be embedded (the default), local or real.")]
    [InlineData("--Saga:Bus:Adapter=rabbitmq", "saga: Saga:Bus:Adapter is 'rabbitmq', but Saga:Mode 'embedded' allows only inmemory.")]
    [InlineData("--Saga:Api:Address=http://0.0.0.0:5080", "saga: Saga:Api:Address is 'http://0.0.0.0:5080', but in Saga:Mode 'embedded' it must be ")]
    [InlineData("--Saga:Log:Console=loud", "saga: Saga:Log:Console is 'loud'. It must be one of Verbose, Debug, Information, Warning, Error, Fatal.")]
    [InlineData("--Saga:Workers:Concurrency=0", "saga: Saga:Workers:Concurrency must be from 1 to 256.")]
    [InlineData("--Saga:Workers:Concurrency=many", "saga: Failed to convert configuration value 'many' at 'Saga:Workers:Concurrency' to type 'System.Int32'.")]
    [InlineData("--Saga:Workers:Run:0=cook", "saga: Saga:Workers:Run names 'cook', which is not a worker. Known workers: ")]
    [InlineData("--Saga:Api:Adress=http://127.0.0.1:5080", "saga: Saga:Api:Adress is not a setting. Did you mean Saga:Api:Address?")]
    [InlineData("--Saga:Databases:Servers:main:MaxTennants=5", "saga: Saga:Databases:Servers:main:MaxTennants is not a setting. Did you mean Saga:Databases:Servers:main:MaxTenants?")]
    [InlineData("--Demo:Enabled=false", "saga: '--Demo:Enabled=false' is not an argument. Did you mean --Saga:Demo:Enabled?")]
    [InlineData("up", "saga: 'up' is not an argument. Arguments have the form --<setting>=<value>; --help lists the settings.")]
    [InlineData("--Saga:Auth:RequireHttps=maybe", "saga: Saga:Auth:RequireHttps is 'maybe'. It must be true or false.")]
    [InlineData("--Saga:Demo:Enabled=maybe", "saga: Saga:Demo:Enabled is 'maybe'. It must be true or false.")]
    [InlineData("--Saga:Api:Address=https://127.0.0.1:5999", "saga: Saga:Api:Address is https, so it needs a certificate: ")]
    [InlineData("--Saga:Sealing:ActiveKey=other", "saga: Saga:Sealing:ActiveKey must be the id of a key under Saga:Sealing:MasterKeys")]
    [InlineData("--Saga:Databases:Servers:other:MaxTenants=7", "saga: Saga:Databases:Servers:other:ConnectionString must be ")]
    public async Task Should_say_which_key_and_what_it_expects_and_not_start(string argument, string words)
    {
        await using var host = HostProcess.Start(folder, argument);

        (await host.EndsAsync()).ShouldBe(2);
        host.Output.ShouldStartWith(words);
        host.Output.Split('\n').ShouldHaveSingleItem("one sentence, and nothing about what ends because of it");
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_the_port_is_taken_and_not_start()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";

        await using var host = HostProcess.Start(folder, "--Saga:Api:Address=" + address);

        (await host.EndsAsync()).ShouldBe(2);
        host.Output.ShouldBe($"saga: Saga:Api:Address is {address}, but another program listens there. Stop that program, or choose another port.");
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_too_few_files_may_be_open_and_not_start()
    {
        await using var host = HostProcess.StartAfter("ulimit -n 256", folder);

        (await host.EndsAsync()).ShouldBe(2);
        host.Output.ShouldBe("saga: At most 256 files may be open (ulimit -n), but the host and its private servers need at least 1024. Raise the limit: ulimit -n 1024");
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_every_fault_of_mode_real_at_once()
    {
        await using var host = HostProcess.Start(folder, "--Saga:Mode=real", "--Saga:Cache:Adapter=inprocess", "--Saga:Bus:RabitMq=x", "--Saga:Workers:Concurrency=0");

        (await host.EndsAsync()).ShouldBe(2);
        foreach (var words in new[]
        {
            "Saga:Bus:RabitMq is not a setting. Did you mean Saga:Bus:RabbitMq?", "Saga:Api:Address must be", "Saga:Cache:Adapter is 'inprocess'", "Saga:Workers:Concurrency must be",
            "Saga:Auth:Authority must be",
        })
            host.Output.ShouldContain(words);
        host.Output.ShouldNotContain("'redis' or 'inprocess'", customMessage: "mode real refuses it");
    }

    [Fact]
    public async Task Should_help()
    {
        await using var host = HostProcess.Start(folder, "--help");

        (await host.EndsAsync()).ShouldBe(0);
        host.Output.ShouldContain("Saga:Api:Address");
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
