using System.ComponentModel;

namespace Saga.Lifecycle.Plans;

/// <summary>A version of a plan as somebody asks for it; <see cref="PlanValidation"/> has the rules. It is also the body of PUT /api/v1/plans/{name}.</summary>
public sealed record PlanDraft
{
    [Description("The name in the address; may be left out.")]
    public string? Name { get; init; }

    [Description("The version that is replaced: the request is refused if another one is current. Any version is replaced when absent.")]
    public int? Version { get; init; }

    [Description("The isolation tiers that tenants may have: row, schema, database.")]
    public IReadOnlyList<string>? Tiers { get; init; }

    [Description("One of tiers.")]
    public string? DefaultTier { get; init; }

    public PlanLimitsDraft? Limits { get; init; }

    [Description("How many days pass between a deprovisioning and the removal, unless the command says otherwise; 30 when absent.")]
    public int? GraceDays { get; init; }

    [Description("Features, and whether they are on by default.")]
    public IReadOnlyDictionary<string, bool>? Features { get; init; }

    public IReadOnlyDictionary<string, PlanSettingDraft>? Settings { get; init; }

    [Description("Why, for people; at most 500 characters.")]
    public string? Note { get; init; }

    [Description("true: migrate every active tenant of the plan to this version, each by a scheduled command.")]
    public bool? Apply { get; init; }
}
