using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Registry.Operations;

namespace Saga.Api.Failures;

/// <summary>What failed, grouped, and the pages that explain it.</summary>
internal static class FailureEndpoints
{
    private const int Days = 7;
    private static readonly OperationState[] Failing = [OperationState.Stalled, OperationState.Compensating, OperationState.Compensated, OperationState.Cancelled];
    private static readonly OperationState[] Moving = [OperationState.Running, OperationState.Compensating];

    public static IServiceCollection AddFailureHelp(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<FailureHelpOptions>().Bind(configuration.GetSection(FailureHelpOptions.Section)).ValidateDataAnnotations();
        return services.AddSingleton<FailureHelp>();
    }

    public static void MapFailures(this IEndpointRouteBuilder api) =>
        api.MapList<FailureGroupView>("/operations/failures", ListAsync, Policies.Read, "listFailures", "List what failed, grouped by kind of operation, step, direction, code and external system")
            .WithDescription($"What failed last comes first. Operations that are stalled or being undone count whatever their age, those that have ended since {Days} days ago, unless since says otherwise.")
            .WithQueryParameter("kind", "Such as provision.")
            .WithQueryParameter("state", $"One or more of {Names(Failing)}, separated by commas; with retried=true of {Names(Moving)}.")
            .WithQueryParameter("since", "Only what failed at this time or later, such as 2027-01-31T12:00:00Z.")
            .WithQueryParameter("until", "Only what failed before this time.")
            .WithQueryParameter("retried", "true: instead of failures, the steps that are tried again or deferred.", "boolean");

    /// <summary>Serves the pages without a token, because they contain nothing of the installation.</summary>
    public static void MapFailurePages(this IEndpointRouteBuilder app) => app.MapGet(FailureHelp.Path, Show).AllowAnonymous();

    private static async Task<IResult> ListAsync(
        HttpRequest request, FailureListing failures, FailureHelp help, OperationStore operations, CommandCatalogue catalogue, TimeProvider time, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "kind", "state", "since", "until", "retried");
        var filter = new FailureFilter
        {
            Kind = await query.KindAsync(operations, catalogue, cancellationToken),
            States = query.Several<OperationState>("state"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            EndedSince = time.GetUtcNow().AddDays(-Days),
            Retried = query.Flag("retried"),
        };
        var states = filter.Retried ? Moving : Failing;
        if (filter.States?.Except(states).Any() == true)
            query.AddError("state", $"must be one or more of {Names(states)} {(filter.Retried ? "with" : "without")} retried=true");
        if (filter.Until <= filter.Since)
            query.AddError("until", "must be later than since");
        var (cursor, limit) = (query.Cursor(FailureListing.Sort), query.Limit());
        return query.Problem as IResult
            ?? TypedResults.Ok(PageView.Of(await failures.ListAsync(filter, cursor, limit, cancellationToken), group => FailureGroupView.Of(group, help)));
    }

    // Pages link to each other by their files' names.
    private static IResult Show(string code) =>
        FailureHelp.Read(code.EndsWith(".md", StringComparison.Ordinal) ? code[..^3] : code) is { } page ? TypedResults.Stream(page, "text/markdown; charset=utf-8") : new ProblemResult(ProblemType.NotFound, "No failure of this version has this code.");

    private static string Names(IEnumerable<OperationState> states) => string.Join(", ", states.Select(OperationStateNames.Of));
}
