using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Saga.Hosting.Startup;
using Saga.Messaging;
using Saga.Registry;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Hosting;

/// <summary>The registry and the bus both wait at start, and each checks how long.</summary>
public sealed class When_a_setting_is_wrong_for_two_capabilities
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Should_be_reported_once(bool withRegistry)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", "Host=nowhere"), new("Saga:Bus:RabbitMq", "amqp://nowhere/"), new("Saga:Startup:WaitSeconds", "-1"),
        ]).Build();
        var services = new ServiceCollection().AddLogging().AddSagaBus(configuration);
        if (withRegistry)
            services.AddRegistry(configuration);
        using var provider = services.BuildServiceProvider();

        var error = Should.Throw<Exception>(provider.GetRequiredService<IStartupValidator>().Validate);

        WrongConfiguration.Errors(error).ShouldBe(["Saga:Startup:WaitSeconds must be from 0 to 3600."]);
    }
}
