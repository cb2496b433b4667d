using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Engine.Drift;
using Saga.Engine.Operations;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Intake;
using Saga.Registry.Drift;

namespace Saga.Api.Drift;

/// <summary>The response to the dry run of a repair.</summary>
public sealed record RepairPlanView
{
    /// <summary>What would happen, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>What each finding gets; empty when the command breaks a rule.</summary>
    public required IReadOnlyList<RepairItemView> Items { get; init; }

    /// <summary>What the body must confirm; empty when nothing.</summary>
    public required IReadOnlyList<string> Confirm { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    internal static RepairPlanView Of(CommandPreview plan)
    {
        var repair = plan.Input as ValidRepair;
        return new()
        {
            Changes = plan.Changes,
            Items = repair is null ? [] : [.. repair.Items.Select(i => RepairItemView.Of(i.Finding, i.Repair))],
            Confirm = repair?.Needed ?? [],
            Steps = plan.Workflow is { } workflow ? StepView.Of(workflow, StepRun.InOrder(workflow, [])) : [],
            Refusal = RefusalView.Of(plan.Rejection),
        };
    }
}

/// <summary>What a finding gets.</summary>
public sealed record RepairItemView
{
    public required Guid Id { get; init; }

    public required string Resource { get; init; }

    public required string Name { get; init; }

    /// <summary>The database server it is on.</summary>
    public string? Server { get; init; }

    /// <summary>The tenant it belongs to, as far as the registry knows.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>none (a person has to look), setBack, createAgain or quarantine.</summary>
    public required string Repair { get; init; }

    /// <summary>What happens, or why nothing does.</summary>
    public required string Words { get; init; }

    /// <summary>What else it means.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What a person does instead; absent when something is done.</summary>
    public string? Instead { get; init; }

    internal static RepairItemView Of(StoredFinding finding, DriftRepair repair) => new()
    {
        Id = finding.Id,
        Resource = finding.Finding.Key.Resource,
        Name = finding.Finding.Key.Name,
        Server = finding.Finding.Key.Server,
        TenantId = finding.Finding.Tenant,
        Repair = repair.Kind switch
        {
            DriftRepairKind.SetBack => "setBack",
            DriftRepairKind.CreateAgain => "createAgain",
            DriftRepairKind.Quarantine => "quarantine",
            _ => "none",
        },
        Words = repair.Words,
        Warnings = repair.Warnings,
        Instead = repair.Instead,
    };
}
