using Saga.Engine.Operations;

namespace Saga.Registry.Operations;

/// <summary>Groups of statuses, as lists for SQL <c>in</c>.</summary>
internal static class StepStatusSql
{
    /// <summary>Dispatched without a result.</summary>
    public const string Dispatched = $"'{StepStatusNames.Running}', '{StepStatusNames.Compensating}'";

    /// <summary>In the backward direction.</summary>
    public const string Back = $"'{StepStatusNames.Compensating}', 'compensationWaiting', 'compensationHeld', '{StepStatusNames.Compensated}', 'compensationFailed', '{StepStatusNames.CompensationWaived}'";

    /// <summary>Not started, or ended as intended.</summary>
    public const string Quiet = $"'{StepStatusNames.Pending}', '{StepStatusNames.Succeeded}', '{StepStatusNames.Compensated}', '{StepStatusNames.Skipped}', '{StepStatusNames.Waived}', '{StepStatusNames.CompensationWaived}'";

    /// <summary>An external system is unavailable or overloaded, and the next attempt is due later.</summary>
    public const string Deferred = "'held', 'compensationHeld'";

    /// <summary>An attempt failed, and the next one is due later.</summary>
    public const string Waiting = "'waiting', 'compensationWaiting'";
}
