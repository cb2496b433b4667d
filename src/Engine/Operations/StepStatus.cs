using System.Runtime.InteropServices;

namespace Saga.Engine.Operations;

/// <summary>
/// The status of a step: a direction and a phase. Rules use these two; <see cref="StepStatusNames"/> defines the spellings for storage
/// and for callers. The default is pending. In the backward direction a step is never pending or skipped.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StepStatus(Direction Direction, StepPhase Phase)
{
    public static StepStatus Pending => new(Direction.Forward, StepPhase.Pending);

    public static StepStatus Running => new(Direction.Forward, StepPhase.Dispatched);

    public static StepStatus Waiting => new(Direction.Forward, StepPhase.Waiting);

    public static StepStatus Deferred => new(Direction.Forward, StepPhase.Deferred);

    public static StepStatus Awaiting => new(Direction.Forward, StepPhase.Awaiting);

    public static StepStatus Succeeded => new(Direction.Forward, StepPhase.Done);

    public static StepStatus Failed => new(Direction.Forward, StepPhase.Failed);

    public static StepStatus Skipped => new(Direction.Forward, StepPhase.Skipped);

    public static StepStatus Waived => new(Direction.Forward, StepPhase.Waived);

    public static StepStatus Compensating => new(Direction.Back, StepPhase.Dispatched);

    public static StepStatus CompensationWaiting => new(Direction.Back, StepPhase.Waiting);

    public static StepStatus CompensationDeferred => new(Direction.Back, StepPhase.Deferred);

    public static StepStatus Compensated => new(Direction.Back, StepPhase.Done);

    public static StepStatus CompensationFailed => new(Direction.Back, StepPhase.Failed);

    public static StepStatus CompensationWaived => new(Direction.Back, StepPhase.Waived);

    /// <summary>Whether it is dispatched without a result.</summary>
    public bool IsDispatched => Phase == StepPhase.Dispatched;

    /// <summary>Whether something is due: a result, the next attempt, or the end of a wait.</summary>
    public bool IsInMotion => Phase is StepPhase.Dispatched or StepPhase.Waiting or StepPhase.Deferred or StepPhase.Awaiting;

    /// <summary>Whether it waits for a time, an approval or a signal.</summary>
    public bool IsAwaiting => Phase == StepPhase.Awaiting;

    public bool IsBack => Direction == Direction.Back;

    /// <summary>Whether nothing more runs forward: it succeeded, or an operator skipped it. The steps after it also wait for what is before a skipped one.</summary>
    public bool IsPassed => this == Succeeded || this == Waived;

    /// <summary>The same direction, in another phase.</summary>
    public StepStatus In(StepPhase phase) => new(Direction, phase);

    public override string ToString() => StepStatusNames.Find(this) ?? $"{Direction} {Phase}";
}
