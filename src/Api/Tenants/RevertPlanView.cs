using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Revert;

namespace Saga.Api.Tenants;

/// <summary>The response to the dry run of a revert.</summary>
public sealed record RevertPlanView
{
    /// <summary>The plan that the tenant would have.</summary>
    public string? Plan { get; init; }

    /// <summary>The isolation tier that it would have.</summary>
    public IsolationTier? Isolation { get; init; }

    /// <summary>The database server that it would have.</summary>
    public string? Server { get; init; }

    /// <summary>Until when the move can be reverted.</summary>
    public DateTimeOffset? KeptUntil { get; init; }

    /// <summary>What would change, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static RevertPlanView Of(CommandPreview preview)
    {
        var input = preview.Input as ValidRevert;
        var tenant = input?.Found;
        return new()
        {
            Plan = tenant is null ? null : input!.PlanOf(tenant) ?? tenant.Plan,
            Isolation = input?.Kept is { Keeps: not null } ? tenant?.Tier : input?.Kept?.Placement.Tier,
            Server = input?.Kept?.Placement.Place.Server,
            KeptUntil = input?.Kept?.Until,
            Changes = preview.Changes,
            Steps = StepView.Of(preview.Workflow!, StepRun.InOrder(preview.Workflow!, [])),
            Refusal = RefusalView.Of(preview.Rejection),
        };
    }
}
