using Microsoft.Extensions.Hosting;
using Saga.Registry.Placements;
using Saga.Registry.Schema;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>
/// Registers the configured servers in the host's starting phase, before any step runs. A server that is too old ends the start. One
/// that does not answer soon does not, because steps report it and its version is checked with every connection.
/// </summary>
internal sealed class RegisterServersAtStart(DatabaseServers servers, PlacementStore placements, RegistryAtStart registry, TimeProvider time)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <exception cref="AggregateException">Servers are too old; each is named by an <see cref="InvalidOperationException"/>.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var refusals = (await Task.WhenAll(servers.Names.Select(s => RefusalAsync(s, cancellationToken)))).OfType<string>().ToList();
        if (refusals.Count > 0)
            throw new AggregateException(refusals.Select(r => new InvalidOperationException(r)));
        await registry.DoAsync(stop => placements.UpsertServersAsync(servers.Describe(), stop), cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<string?> RefusalAsync(string server, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, limit.Token);
            return null;
        }
        catch (StepFailureException error)
        {
            return error.Failure.Code == DatabaseFailures.TooOldCode ? error.Message : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
