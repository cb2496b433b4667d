using Saga.Engine.Operations;

namespace Saga.Registry.Operations;

/// <summary>Groups of statuses, as the list of an SQL <c>in</c>.</summary>
internal static class StepStatusSql
{
    /// <summary>A result is awaited.</summary>
    public const string Dispatched = $"'{StepStatusNames.Running}', '{StepStatusNames.Compensating}'";

    /// <summary>Not begun, or ended as it should.</summary>
    public const string Quiet = $"'{StepStatusNames.Pending}', '{StepStatusNames.Succeeded}', '{StepStatusNames.Compensated}', '{StepStatusNames.Skipped}'";
}
