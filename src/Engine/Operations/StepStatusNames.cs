using System.Collections.Frozen;

namespace Saga.Engine.Operations;

/// <summary>The spellings of step statuses in the registry and for callers. Nothing else defines them.</summary>
/// <remarks>
/// A deferred step is still stored as <c>held</c>: an earlier version that runs at the same time, or after a rollback, does not know
/// another spelling and would postpone the operation. Both spellings are read, so a later version may write the new one.
/// </remarks>
public static class StepStatusNames
{
    /// <summary>Shown to callers for a stored value that this version does not know.</summary>
    public const string Unknown = "unknown";

    public const string Pending = "pending";
    public const string Running = "running";
    public const string Succeeded = "succeeded";
    public const string Skipped = "skipped";
    public const string Compensating = "compensating";
    public const string Compensated = "compensated";
    public const string Waived = "waived";
    public const string CompensationWaived = "compensationWaived";

    private static readonly (StepStatus Status, string Shown, string Stored)[] Table =
    [
        (StepStatus.Pending, Pending, Pending),
        (StepStatus.Running, Running, Running),
        (StepStatus.Waiting, "waiting", "waiting"),
        (StepStatus.Deferred, "deferred", "held"),
        (StepStatus.Awaiting, "awaiting", "awaiting"),
        (StepStatus.Succeeded, Succeeded, Succeeded),
        (StepStatus.Failed, "failed", "failed"),
        (StepStatus.Compensating, Compensating, Compensating),
        (StepStatus.CompensationWaiting, "compensationWaiting", "compensationWaiting"),
        (StepStatus.CompensationDeferred, "compensationDeferred", "compensationHeld"),
        (StepStatus.Compensated, Compensated, Compensated),
        (StepStatus.CompensationFailed, "compensationFailed", "compensationFailed"),
        (StepStatus.Skipped, Skipped, Skipped),
        (StepStatus.Waived, Waived, Waived),
        (StepStatus.CompensationWaived, CompensationWaived, CompensationWaived),
    ];

    private static readonly FrozenDictionary<StepStatus, string> ShownNames = Table.ToFrozenDictionary(t => t.Status, t => t.Shown);
    private static readonly FrozenDictionary<StepStatus, string> StoredNames = Table.ToFrozenDictionary(t => t.Status, t => t.Stored);

    private static readonly FrozenDictionary<string, StepStatus> Statuses = Table.SelectMany(t => new[] { (Name: t.Shown, t.Status), (Name: t.Stored, t.Status) })
        .Distinct().ToFrozenDictionary(t => t.Name, t => t.Status, StringComparer.Ordinal);

    /// <summary>Every status that a step can have.</summary>
    public static IReadOnlyList<StepStatus> All { get; } = [.. Table.Select(t => t.Status)];

    /// <summary>The spelling for callers.</summary>
    public static string Shown(StepStatus status) => ShownNames[status];

    /// <summary>The spelling in the registry.</summary>
    public static string Stored(StepStatus status) => StoredNames[status];

    /// <summary>Reads either spelling.</summary>
    public static bool TryRead(string name, out StepStatus status) => Statuses.TryGetValue(name, out status);

    internal static string? Find(StepStatus status) => ShownNames.GetValueOrDefault(status);
}
