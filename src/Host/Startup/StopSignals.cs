using System.Runtime.InteropServices;

namespace Saga.Host.Startup;

/// <summary>
/// Handles Ctrl-C, SIGTERM, SIGHUP (the terminal closed) and SIGQUIT from the start of the process, so that everything already started is stopped in order.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] registrations;
    private volatile bool inOrder;

    public StopSignals() => registrations =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
            .Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                stop.Cancel();
            })),
    ];

    public CancellationToken Token => stop.Token;

    /// <summary>Runs the last resort if the process has not ended in time after a signal, so that a hang does not leave servers running.</summary>
    public void WhenOverdue(TimeSpan limit, Func<Task> lastResort) => stop.Token.Register(() => _ = Task.Run(async () =>
    {
        await Task.Delay(limit);
        if (inOrder)
            return;
        await Console.Error.WriteLineAsync("saga: did not stop in time; ending now. Unfinished operations resume at the next start.");
        await lastResort();
        Environment.Exit(1);
    }));

    /// <summary>Reports that everything that may hang has stopped.</summary>
    public void StoppedInOrder() => inOrder = true;

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        stop.Dispose();
    }
}
