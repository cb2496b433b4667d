namespace Saga.Host.Processes;

/// <summary>A server that this process runs for itself.</summary>
internal interface IPrivateServer
{
    /// <summary>For messages.</summary>
    string Name { get; }

    string LogFile { get; }

    /// <summary>Completes when the server has ended although nobody stopped it.</summary>
    Task EndsAsync(CancellationToken cancellationToken);

    /// <summary>Starts it again at the same address, and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    /// <exception cref="OperationCanceledException">It has been stopped permanently.</exception>
    Task StartAgainAsync(CancellationToken cancellationToken);
}
