using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;

namespace Saga.Api.Plans;

internal static class PlanEndpoints
{
    public static void MapPlans(this IEndpointRouteBuilder api) =>
        api.MapGet("/plans", ListAsync).WithName("listPlans").RequireAuthorization(Policies.Read)
            .WithSummary("List the plans")
            .Produces<PlansView>().WithProblems(ProblemType.InvalidParameter);

    private static async Task<IResult> ListAsync(HttpRequest request, PlanStore plans, CancellationToken cancellationToken) =>
        new QueryReader(request).Problem as IResult
        ?? TypedResults.Ok(new PlansView { Items = [.. (await plans.ListAsync(cancellationToken)).Select(PlanView.Of)] });
}

/// <summary>All plans, by name.</summary>
public sealed record PlansView
{
    public required IReadOnlyList<PlanView> Items { get; init; }
}

/// <summary>What a tenant of the plan may use, and its default configuration.</summary>
public sealed record PlanView
{
    public required string Name { get; init; }

    public required IReadOnlyList<IsolationTier> Tiers { get; init; }

    public required IsolationTier DefaultTier { get; init; }

    public required PlanLimits Limits { get; init; }

    /// <summary>How many days pass between a deprovisioning and the removal, unless the command says otherwise.</summary>
    public required int GraceDays { get; init; }

    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    public required IReadOnlyDictionary<string, PlanSettingView> Settings { get; init; }

    public static PlanView Of(Plan plan) => new()
    {
        Name = plan.Name,
        Tiers = plan.Tiers,
        DefaultTier = plan.DefaultTier,
        Limits = plan.Limits,
        GraceDays = plan.GraceDays,
        Features = plan.Features,
        Settings = plan.Settings.ToDictionary(s => s.Key, s => new PlanSettingView
        {
            Default = s.Value.Sealed ? null : s.Value.Value,
            Generated = s.Value.Generate,
            Sealed = s.Value.Sealed,
            Minimum = IsNumber(s.Value) ? s.Value.Minimum ?? 0 : null,
            Maximum = IsNumber(s.Value) ? s.Value.Maximum ?? PlanSetting.DefaultMaximum : null,
        }),
    };

    private static bool IsNumber(PlanSetting setting) => setting is { Sealed: false, Value.ValueKind: JsonValueKind.Number };
}

public sealed record PlanSettingView
{
    /// <summary>Absent when it is generated or sealed.</summary>
    public JsonElement? Default { get; init; }

    /// <summary>Whether a random value is generated for each tenant.</summary>
    public required bool Generated { get; init; }

    /// <summary>Whether the value is stored encrypted. Such a setting cannot be given in a request and is never shown.</summary>
    public required bool Sealed { get; init; }

    /// <summary>The smallest number that a tenant may set; absent when the setting is no number.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>The largest number that a tenant may set; absent when the setting is no number.</summary>
    public decimal? Maximum { get; init; }
}
