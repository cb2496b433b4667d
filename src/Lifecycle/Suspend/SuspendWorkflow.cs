using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Suspend;

/// <summary>
/// What follows a hold. The hold is the pivot and stands from the acceptance on, so every step is retriable: what fails later stalls and
/// never reopens the tenant.
/// </summary>
public static class SuspendWorkflow
{
    public const string Kind = "suspend";

    /// <summary>The steps that close a tenant outside of the registry.</summary>
    public static readonly IReadOnlyList<string> Outside = [StepNames.ClosePlace, StepNames.BarLogin, StepNames.DisableOrganization, StepNames.DisableCache];

    /// <summary>For holds that close the tenant.</summary>
    public static WorkflowDefinition Closing { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Forced = new() { Completed = TenantStatus.Suspended, Statable = Outside },
        ForwardOnly = true,
        Steps =
        [
            Step(StepNames.Suspend, WorkerNames.Reservation),
            .. CloseAfter(StepNames.Suspend),
        ],
    }.Validated();

    /// <summary>For holds that only keep the tenant from growing: nothing outside is closed.</summary>
    public static WorkflowDefinition Limiting { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        ForwardOnly = true,
        Steps = [Step(StepNames.Suspend, WorkerNames.Reservation)],
    }.Validated();

    /// <summary>The steps that close a tenant outside, for every command that closes one.</summary>
    /// <param name="first">The step that they come after.</param>
    public static IReadOnlyList<StepDefinition> CloseAfter(string first) =>
    [
        Step(StepNames.ClosePlace, WorkerNames.Database, first),
        Step(StepNames.BarLogin, WorkerNames.Database, first),
        // Ending the sessions of a tenant with many members takes a while.
        Step(StepNames.DisableOrganization, WorkerNames.Identity, first) with { AttemptTimeout = TimeSpan.FromMinutes(15), Deadline = TimeSpan.FromHours(2) },
        Step(StepNames.DisableCache, WorkerNames.Cache, first),
    ];

    private static StepDefinition Step(string name, string worker, params IReadOnlyList<string> after) => new() { Name = name, Worker = worker, Kind = StepKind.Retriable, After = after };
}
