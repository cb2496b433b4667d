using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;

namespace Saga.Api.Tenants;

/// <summary>The response to the dry run of a migration.</summary>
public sealed record MigratePlanView
{
    /// <summary>The plan that the tenant would have.</summary>
    public string? Plan { get; init; }

    /// <summary>The version of that plan. An operation that is accepted gives this one, even if another becomes current before it runs.</summary>
    public int? PlanVersion { get; init; }

    /// <summary>The isolation tier that it would have.</summary>
    public IsolationTier? Isolation { get; init; }

    /// <summary>The database server that it would have.</summary>
    public string? Server { get; init; }

    /// <summary>Whether its rows would move.</summary>
    public bool? Moves { get; init; }

    /// <summary>What would change, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static MigratePlanView Of(CommandPreview preview)
    {
        var input = preview.Input as ValidMigrate;
        var target = input?.Found is { } tenant ? MigrateTarget.Of(input, tenant) : null;
        return new()
        {
            Plan = target?.Plan.Name,
            PlanVersion = target?.Plan.Version,
            Isolation = target?.Tier,
            Server = target?.Server,
            Moves = target?.Moves,
            Changes = preview.Changes,
            Steps = StepView.Of(preview.Workflow!, StepRun.InOrder(preview.Workflow!, [])),
            Refusal = RefusalView.Of(preview.Rejection),
        };
    }
}
