using System.Threading.Channels;

namespace Saga.Orchestrator.Scopes;

/// <summary>Signals to this process's granter that scopes became free, or that an operation may wait for some. Thread-safe.</summary>
internal sealed class ScopeSignal
{
    // Capacity one, so that several signals cause one look.
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake() => wakes.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellationToken) => await wakes.Reader.ReadAsync(cancellationToken);
}
