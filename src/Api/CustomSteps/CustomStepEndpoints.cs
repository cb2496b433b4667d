using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.CustomSteps;
using Saga.Lifecycle.Intake;
using Saga.Registry.CustomSteps;

namespace Saga.Api.CustomSteps;

/// <summary>The list of custom steps, which is replaced as a whole and kept in versions.</summary>
internal static class CustomStepEndpoints
{
    public static void MapCustomSteps(this IEndpointRouteBuilder api)
    {
        api.MapGet("/custom-steps", FindCurrentAsync).WithName("getCustomSteps").RequireAuthorization(Policies.Read)
            .WithSummary("Show the custom steps").Produces<CustomStepsView>().WithProblems(ProblemType.InvalidParameter);
        api.MapGet("/custom-steps/{version}", FindAsync).WithName("getCustomStepsVersion").RequireAuthorization(Policies.Read)
            .WithSummary("Show an earlier version of the custom steps").Produces<CustomStepsView>().WithProblems(ProblemType.InvalidParameter, ProblemType.CustomStepsNotFound);
        api.MapPut("/custom-steps", PutAsync).WithName("putCustomSteps").RequireAuthorization(Policies.Write)
            .WithSummary("Replace the custom steps")
            .WithDescription("The whole list, checked against every workflow. Operations that have begun keep the steps that they began with. The same list again changes nothing.")
            .WithQueryParameter("dryRun", "true to check the list and show the workflows, without changing anything.", "boolean")
            .Accepts<CustomStepsRequest>("application/json").Produces<CustomStepsView>()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.CustomStepsChanged, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation);
    }

    private static async Task<IResult> FindCurrentAsync(HttpRequest request, CustomStepStore store, CustomStepAdmission admission, CancellationToken cancellationToken) =>
        new QueryReader(request).Problem as IResult ?? Show(await store.CurrentAsync(cancellationToken), admission);

    private static async Task<IResult> FindAsync(HttpRequest request, string version, CustomStepStore store, CustomStepAdmission admission, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && await store.FindAsync(number, cancellationToken) is { } set
            ? Show(set, admission)
            : new ProblemResult(ProblemType.CustomStepsNotFound, "The list of custom steps never had this version. GET /api/v1/custom-steps shows the current one.");
    }

    private static async Task<IResult> PutAsync(HttpRequest request, ClaimsPrincipal user, CustomStepStore store, CustomStepAdmission admission, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "dryRun");
        var dryRun = query.Flag("dryRun");
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<CustomStepsRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return Wrong(CommandReader.Detail, errors);
        var found = new List<FieldError>();
        if (given.BasedOn is null or < 0)
            found.Add(new("/basedOn", "is required: the version that the list replaces, 0 for the first"));
        var reason = ReasonRule.Check(given.Reason, required: !dryRun, found);
        if (given.Steps is null || given.Steps.Any(s => s is null))
            found.Add(new("/steps", "is required: a list of steps, which may be empty"));
        else
            found.AddRange(admission.Check(given.Steps));
        if (found.Count > 0)
            return Wrong("The list breaks rules: see errors.", found);

        if (dryRun)
        {
            var set = new CustomStepSet { Version = given.BasedOn!.Value + 1, Steps = given.Steps!, SetBy = "" };
            return await store.VersionAsync(cancellationToken) is var now && now == given.BasedOn ? Show(set, admission) : Changed(now);
        }

        return await admission.PutAsync(given.Steps!, given.BasedOn!.Value, user.Caller().ToString(), reason, cancellationToken) is { } put
            ? Show(put, admission)
            : Changed(await store.VersionAsync(cancellationToken));
    }

    private static IResult Show(CustomStepSet set, CustomStepAdmission admission) => TypedResults.Ok(CustomStepsView.Of(set, admission.Customized(set)));

    private static ProblemResult Changed(int version) => new(
        ProblemType.CustomStepsChanged, string.Create(CultureInfo.InvariantCulture, $"Version {version} is current. Read it with GET /api/v1/custom-steps, and base the list on it."),
        [new() { Pointer = "/basedOn", Detail = string.Create(CultureInfo.InvariantCulture, $"must be {version}") }]);

    private static ProblemResult Wrong(string detail, IReadOnlyList<FieldError> errors) =>
        new(ProblemType.Validation, detail, [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
}
