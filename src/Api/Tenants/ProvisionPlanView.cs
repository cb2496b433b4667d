using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;

namespace Saga.Api.Tenants;

/// <summary>The response to a dry run.</summary>
public sealed record ProvisionPlanView
{
    /// <summary>The isolation tier the tenant would get.</summary>
    public IsolationTier? Isolation { get; init; }

    /// <summary>What would happen, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static ProvisionPlanView Of(CommandPreview plan) => new()
    {
        Isolation = (plan.Input as ValidProvision)?.Tier,
        Changes = plan.Changes,
        Steps = StepView.Of(plan.Workflow!, StepRun.InOrder(plan.Workflow!, [])),
        Refusal = RefusalView.Of(plan.Rejection),
    };
}
