using System.Threading.Channels;

namespace Saga.Orchestrator.Admission;

/// <summary>Signals to this process's admitter that a slot became free, that an operation waits for one, or that a system is overloaded. Thread-safe.</summary>
internal sealed class AdmissionSignal
{
    // Capacity one, so that several signals cause one check.
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int overloaded;

    public void Wake() => wakes.Writer.TryWrite(true);

    public void Overloaded()
    {
        Interlocked.Exchange(ref overloaded, 1);
        Wake();
    }

    /// <summary>Whether an overload was reported since the last call.</summary>
    public bool TakeOverload() => Interlocked.Exchange(ref overloaded, 0) == 1;

    public async Task WaitAsync(CancellationToken cancellationToken) => await wakes.Reader.ReadAsync(cancellationToken);
}
