using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Tenants;

/// <summary>The response to the dry run of an adoption.</summary>
public sealed record AdoptPlanView
{
    /// <summary>The isolation tier that the tenant would get.</summary>
    public IsolationTier? Isolation { get; init; }

    /// <summary>What would be done, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static AdoptPlanView Of(CommandPreview preview) => new()
    {
        Isolation = (preview.Input as ValidAdoption)?.Tenant.Tier,
        Changes = preview.Rejection is null ? preview.Changes : [],
        Steps = StepView.Of(preview.Workflow!, StepRun.InOrder(preview.Workflow!, [])),
        Refusal = RefusalView.Of(preview.Rejection),
    };
}
