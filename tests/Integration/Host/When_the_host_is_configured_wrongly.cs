using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

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
    [InlineData("--Saga:Sealing:ActiveKey=other", "saga: Saga:Sealing:ActiveKey must be the id of a key under Saga:Sealing:MasterKeys")]
    public async Task Should_say_which_key_and_what_it_expects_and_not_start(string argument, string words)
    {
        await using var host = HostProcess.Start(folder, argument);

        (await host.EndsAsync()).ShouldBe(2);
        host.Output.ShouldStartWith(words);
        host.Output.ShouldNotContain("   at ");
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
