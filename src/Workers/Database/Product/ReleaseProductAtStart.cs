using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product;

/// <summary>Checks and releases the product's files in the host's starting phase. While no server answers, the first step that needs them does it.</summary>
internal sealed partial class ReleaseProductAtStart(ProductRelease release, SeedPlans seeds, DatabaseServers servers, ILogger<ReleaseProductAtStart> log) : IHostedLifecycleService
{
    /// <exception cref="OptionsValidationException">The files have faults.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var server in servers.Names)
        {
            try
            {
                if (await release.ReleaseAsync(server, cancellationToken) is { Count: > 0 } faults)
                    throw new OptionsValidationException(Options.DefaultName, typeof(ProductOptions), faults.Select(f => $"{ProductOptions.Section}:{nameof(ProductOptions.Migrations)}: {f}"));
                // A plan may come later, so this keeps nothing from starting.
                foreach (var seed in await seeds.FindAsync(cancellationToken))
                    LogNoPlan(seed.ToString());
                return;
            }
            catch (StepFailureException error)
            {
                LogNotChecked(error, server, error.Message);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 2340, Level = LogLevel.Warning, Message = "The product's files cannot be checked on database server {Server} yet; the first step that needs them checks them: {Reason}")]
    private partial void LogNotChecked(Exception error, string server, string reason);

    [LoggerMessage(EventId = 2680, Level = LogLevel.Warning, Message = "The product has a seed without a plan: {Seed}")]
    private partial void LogNoPlan(string seed);
}
