using Microsoft.Extensions.Hosting;
using Saga.Registry.Placements;

namespace Saga.Workers.Database.Servers;

/// <summary>Registers the configured servers in the host's starting phase, before any step runs.</summary>
internal sealed class RegisterServersAtStart(DatabaseServers servers, PlacementStore placements) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => placements.UpsertServersAsync(servers.Describe(), cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
