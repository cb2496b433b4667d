using System.Runtime.CompilerServices;

namespace Saga.Tests.Simulation;

/// <summary>
/// A process of the simulation. Its code stops at each <see cref="Pause"/>, and the scheduler decides what goes on next. A process that
/// is killed never goes on: its transaction is rolled back, and what it has not acknowledged is delivered again.
/// </summary>
internal sealed class SimulatedProcess(World world, string name)
{
    public string Name { get; } = name;

    /// <summary>What can go on, and what it is about to do.</summary>
    public List<(string AboutTo, Action GoOn)> Paused { get; } = [];

    /// <summary>Sessions of the storage that it holds while it is paused, some with a transaction under way.</summary>
    public List<IAsyncDisposable> Open { get; } = [];

    /// <summary>Loops of which a round is under way.</summary>
    public HashSet<string> Loops { get; } = new(StringComparer.Ordinal);

    /// <summary>It does nothing before, as after SIGSTOP.</summary>
    public DateTimeOffset FrozenUntil { get; set; }

    /// <summary>Stops until the scheduler lets it go on. A crash here is a crash before what it is about to do.</summary>
    public Stop Pause(string aboutTo) => new(this, aboutTo);

    public async Task CloseAsync(IAsyncDisposable session)
    {
        Open.Remove(session);
        await session.DisposeAsync();
    }

    /// <summary>Its connections end with it.</summary>
    public void CloseAll() => world.Begin(async () =>
    {
        foreach (var session in Open)
            await session.DisposeAsync();
        Open.Clear();
    });

    private void Stopped(string aboutTo, Action continuation)
    {
        Paused.Add((aboutTo, continuation));
        world.Stopped();
    }

    public readonly struct Stop(SimulatedProcess process, string aboutTo) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Stop GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => process.Stopped(aboutTo, continuation);

        public void UnsafeOnCompleted(Action continuation) => process.Stopped(aboutTo, continuation);
    }
}
