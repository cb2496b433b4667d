using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Messages;

public sealed class When_the_broker_is_away
{
    [Fact]
    public async Task Should_not_be_ready_until_it_is_back()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.StartAsync();
        await using var host = await EngineHost.StartAsync(registry, await broker.AddVirtualHostAsync(), []);
        await Until.TrueAsync(async () => await StatusAsync() == HealthStatus.Healthy);

        broker.Kill();

        await Until.TrueAsync(async () => await StatusAsync() == HealthStatus.Unhealthy);
        await broker.UpAsync();
        await Until.TrueAsync(async () => await StatusAsync() == HealthStatus.Healthy, limit: TimeSpan.FromMinutes(2));
        broker.Kill();

        async Task<HealthStatus> StatusAsync() =>
            (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Name == "masstransit-bus")).Entries["masstransit-bus"].Status;
    }
}
