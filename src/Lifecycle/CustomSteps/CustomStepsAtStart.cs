using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Registry.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>
/// Puts the configuration's list of custom steps into the registry, unless the same list came from a configuration last. So a list that was put by
/// the API since stays until the configuration changes, and any number of processes may start with one configuration.
/// </summary>
public sealed partial class CustomStepsAtStart(IOptions<CustomStepsOptions> options, CustomStepAdmission admission, CustomStepStore store, ILogger<CustomStepsAtStart> log) : IHostedService
{
    private const string Actor = "system:configuration";
    private const int Tries = 5;

    /// <exception cref="OptionsValidationException">The list is wrong.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var steps = options.Value.Steps.ToList();
        if (steps.Count == 0)
            return;
        if (admission.Check(steps) is { Count: > 0 } errors)
        {
            throw new OptionsValidationException(
                CustomStepsOptions.Section, typeof(CustomStepsOptions),
                errors.Select(e => $"{CustomStepsOptions.Section}{e.Pointer.Replace("/steps", "/Steps", StringComparison.Ordinal).Replace('/', ':')}: {e.Detail}."));
        }

        var digest = StepLists.Digest(steps);
        for (var left = Tries; left > 0; left--)
        {
            if (await store.ConfiguredDigestAsync(cancellationToken) == digest)
                return;
            var version = await store.VersionAsync(cancellationToken);
            if (await store.AddAsync(version, steps, digest, Actor, reason: null, cancellationToken))
            {
                LogPut(version + 1, steps.Count);
                return;
            }
        }

        throw new InvalidOperationException($"{CustomStepsOptions.Section}: the registry's list of custom steps changed {Tries} times while this process wanted to replace it. Start it again.");
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 2810, Level = LogLevel.Information, Message = "The configuration's list of custom steps is now version {Version} in the registry; it has {Count} steps.")]
    private partial void LogPut(int version, int count);
}
