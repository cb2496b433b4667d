using System.Runtime.CompilerServices;
using Saga.Registry.Transitions;

namespace Saga.Tests.Simulation;

/// <summary>
/// A process of the simulation. Its code stops at each <see cref="Pause"/>, and the scheduler decides what goes on next. A process that
/// is killed never goes on: its transaction is rolled back, and what it has not acknowledged is delivered again.
/// </summary>
internal sealed class SimulatedProcess(string name)
{
    public string Name { get; } = name;

    /// <summary>What can go on, and what it is about to do.</summary>
    public List<(string AboutTo, Action GoOn)> Paused { get; } = [];

    /// <summary>Transactions under way.</summary>
    public List<ITransitionBatch> Open { get; } = [];

    /// <summary>Loops of which a round is under way.</summary>
    public HashSet<string> Loops { get; } = new(StringComparer.Ordinal);

    /// <summary>It does nothing before, as after SIGSTOP.</summary>
    public DateTimeOffset FrozenUntil { get; set; }

    /// <summary>Stops until the scheduler lets it go on. A crash here is a crash before what it is about to do.</summary>
    public Stop Pause(string aboutTo) => new(this, aboutTo);

    public readonly struct Stop(SimulatedProcess process, string aboutTo) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Stop GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => process.Paused.Add((aboutTo, continuation));

        public void UnsafeOnCompleted(Action continuation) => process.Paused.Add((aboutTo, continuation));
    }
}
