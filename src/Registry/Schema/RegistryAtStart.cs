using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Shared.Startup;

namespace Saga.Registry.Schema;

/// <summary>
/// Runs the parts of a program's start that need the registry. While the registry is away they wait for it, for as long as
/// <c>Saga:Startup:WaitSeconds</c>. Thread-safe.
/// </summary>
public sealed partial class RegistryAtStart
{
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly ILogger<RegistryAtStart> log;

    internal RegistryAtStart(IOptions<StartupOptions> options, TimeProvider time, ILogger<RegistryAtStart> log)
    {
        limit = TimeSpan.FromSeconds(options.Value.WaitSeconds);
        (this.time, this.log) = (time, log);
    }

    /// <param name="work">Repeated from its beginning if the registry goes away meanwhile.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">The registry stayed away; the message is meant for the user.</exception>
    public Task DoAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) =>
        new Part(this, work).StartingAsync(cancellationToken);

    [LoggerMessage(EventId = 2642, Level = LogLevel.Warning, Message = "Waiting for the registry, for {Seconds} s more: {Reason}")]
    private partial void LogAway(int seconds, string reason);

    private sealed class Part(RegistryAtStart start, Func<CancellationToken, Task> work) : WaitAtStart(start.limit, start.time)
    {
        protected override string Awaited => MigrateRegistryAtStart.Registry;

        protected override Task TryAsync(CancellationToken cancellationToken) => work(cancellationToken);

        protected override string? WhyAway(Exception error) => RegistryAvailability.IsAway(error) ? error.Message : null;

        protected override void LogWaiting(int seconds, string reason) => start.LogAway(seconds, reason);
    }
}
