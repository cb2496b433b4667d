using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Engine.Workflows;
using Saga.Registry.Drift;

namespace Saga.Lifecycle.Drift;

/// <summary>The workflows of repairs, and of what ends a quarantine.</summary>
public static class DriftWorkflows
{
    public const string RepairKind = "repairDrift";
    public const string ReleaseKind = "releaseQuarantined";

    /// <summary>
    /// A step for each worker whose resources can be repaired, beside one another. One that has nothing to do ends at once. Undone, what it quarantined is
    /// released; what it set right stays right.
    /// </summary>
    public static WorkflowDefinition Repair { get; } = Of(
        RepairKind, (StepNames.RepairDatabases, WorkerNames.Database), (StepNames.RepairOrganizations, WorkerNames.Identity), (StepNames.RepairCache, WorkerNames.Cache));

    /// <summary>By the worker whose resource it is. Undone, it is in quarantine again.</summary>
    public static IReadOnlyList<WorkflowDefinition> Release { get; } =
    [
        Of(ReleaseKind, (StepNames.ReleaseDatabases, WorkerNames.Database)), Of(ReleaseKind, (StepNames.ReleaseOrganizations, WorkerNames.Identity)),
        Of(ReleaseKind, (StepNames.ReleaseCache, WorkerNames.Cache)),
    ];

    /// <summary>By the worker whose resource it is. What is removed does not come back. What could not be removed stays in quarantine.</summary>
    public static IReadOnlyList<WorkflowDefinition> Remove { get; } =
    [
        Of(QuarantineRows.RemovalKind, (StepNames.RemoveQuarantinedDatabases, WorkerNames.Database)), Of(QuarantineRows.RemovalKind, (StepNames.RemoveQuarantinedOrganizations, WorkerNames.Identity)),
        Of(QuarantineRows.RemovalKind, (StepNames.RemoveQuarantinedCache, WorkerNames.Cache)),
    ];

    /// <summary>The one of these for a thing in quarantine.</summary>
    internal static WorkflowDefinition For(IReadOnlyList<WorkflowDefinition> workflows, QuarantinedThing thing) => workflows[thing.Key.Resource switch
    {
        DriftResources.Organization => 1,
        DriftResources.CacheUser => 2,
        _ => 0,
    }];

    private static WorkflowDefinition Of(string kind, params IReadOnlyList<(string Name, string Worker)> steps) => new WorkflowDefinition
    {
        Kind = kind,
        Version = 1,
        Steps = [.. steps.Select(s => new StepDefinition { Name = s.Name, Worker = s.Worker, AttemptTimeout = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(1) })],
    }.Validated();
}
