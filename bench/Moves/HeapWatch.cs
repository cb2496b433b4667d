namespace Saga.Bench.Moves;

/// <summary>Looks at the size of the managed heap again and again.</summary>
internal sealed class HeapWatch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly ITimer timer;
    private long most;

    private HeapWatch(TimeProvider time)
    {
        GC.Collect();
        timer = time.CreateTimer(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false)), null, TimeSpan.Zero, Look);
    }

    /// <summary>The largest size so far.</summary>
    public double MostMegabytes => Volatile.Read(ref most) / 1e6;

    public static HeapWatch Start(TimeProvider time) => new(time);

    public ValueTask DisposeAsync() => timer.DisposeAsync();
}
