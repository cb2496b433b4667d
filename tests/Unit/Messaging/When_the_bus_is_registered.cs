using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Messaging;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_the_bus_is_registered
{
    [Fact]
    public async Task Should_send_no_usage_data()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Saga:Bus:Adapter", "inmemory")]).Build();
        await using var services = new ServiceCollection().AddLogging().AddSagaBus(configuration).BuildServiceProvider();

        services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled.ShouldBeFalse();
    }
}
