using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Plans;
using Saga.Registry.Plans;

namespace Saga.Api.Plans;

/// <summary>Plans and their versions.</summary>
internal static class PlanEndpoints
{
    private const string VersionParameter = "version";

    public static void MapPlans(this IEndpointRouteBuilder api)
    {
        api.MapGet("/plans", ListAsync).WithName("listPlans").RequireAuthorization(Policies.Read)
            .WithSummary("List the plans")
            .Produces<PlansView>().WithProblems(ProblemType.InvalidParameter);
        api.MapOne<PlanView>("/plans/{name}", FindAsync, Policies.Read, "getPlan", "Show a plan and its versions", ProblemType.PlanNotFound)
            .WithQueryParameter(VersionParameter, "One of its versions; the current one when absent.", "integer");
        api.MapPut("/plans/{name}", PutAsync).WithName("putPlan").RequireAuthorization(Policies.Write)
            .WithSummary("Add a plan, or a version of one")
            .WithDescription("Tenants keep the version that they have until they are migrated; apply migrates them. A definition that is current already adds no version, so the request may be repeated.")
            .Accepts<PlanDraft>("application/json").Produces<PutPlanView>().Produces<PutPlanView>(StatusCodes.Status201Created)
            .WithQueryParameter(CommandEndpoints.DryRun, "true: answer as if it were written, and write nothing.", "boolean")
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.PlanChanged, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, PlanStore plans, CancellationToken cancellationToken) =>
        new QueryReader(request).Problem as IResult
        ?? TypedResults.Ok(new PlansView { Items = [.. (await plans.ListAsync(cancellationToken)).Select(PlanView.Of)] });

    private static async Task<IResult> FindAsync(HttpRequest request, [Description("The plan's name.")] string name, PlanStore plans, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, VersionParameter);
        int? version = null;
        if (query.Text(VersionParameter) is { } text)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0)
                version = given;
            else
                query.AddError(VersionParameter, "must be a whole number from 1");
        }

        if (query.Problem is { } bad)
            return bad;
        var plan = version is { } one ? await plans.FindAsync(name, one, cancellationToken) : await plans.FindAsync(name, cancellationToken);
        return plan is null
            ? new ProblemResult(ProblemType.PlanNotFound, "No plan has this name and version. GET /api/v1/plans lists the plans.")
            : TypedResults.Ok(PlanView.Of(plan) with { Versions = [.. (await plans.VersionsAsync(name, cancellationToken)).Select(v => new PlanVersionView(v.Version, v.Note, v.CreatedBy, v.CreatedAt, v.Tenants))] });
    }

    private static async Task<IResult> PutAsync(
        HttpRequest request, [Description("The plan's name.")] string name, ClaimsPrincipal user, PlanStore plans, PlanWriter writer, FourEyesRules fourEyes, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, CommandEndpoints.DryRun);
        var dryRun = query.Flag(CommandEndpoints.DryRun);
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<PlanDraft>(body.RootElement, hasKey: false, out var errors) is not { } draft)
            return Refused(CommandReader.Detail, errors);
        if (draft.Name is { } other && other != name)
            return Refused("The plan breaks a rule: see errors.", [new("/name", $"must be absent or '{name}', as in the address")]);
        var note = ReasonText.Normalize(draft.Note);
        if (PlanValidation.Validate(draft with { Name = name }, await plans.FindAsync(name, cancellationToken), out errors) is not { } plan || (draft.Note is not null && note is null))
            return Refused("The plan breaks rules: see errors.", draft.Note is not null && note is null ? [.. errors, new("/note", ReasonText.Rule)] : errors);
        var answer = await writer.WriteAsync(
            new()
            {
                Plan = plan, Replaces = draft.Version, Note = note, Actor = user.Caller().ToString(), Apply = draft.Apply == true, ApplyKind = MigrateWorkflow.Kind,
                ApprovedWithin = fourEyes.Names(MigrateWorkflow.Kind) ? fourEyes.Patience : null, DryRun = dryRun,
            },
            cancellationToken);
        return answer switch
        {
            PlanWriteAnswer.Stale { Current: 0 } => new ProblemResult(ProblemType.PlanChanged, $"There is no plan '{name}' any version of which could be replaced. Leave version out to add it.", [new() { Pointer = "/version", Detail = "must be absent for a new plan" }]),
            PlanWriteAnswer.Stale { Current: var current } => new ProblemResult(
                ProblemType.PlanChanged, string.Create(CultureInfo.InvariantCulture, $"Version {current} of the plan '{name}' is current. Read it again, and repeat your change."),
                [new() { Pointer = "/version", Detail = string.Create(CultureInfo.InvariantCulture, $"is not current; {current} is") }]),
            PlanWriteAnswer.Written { Added: true } added when !dryRun => TypedResults.Created($"/api/v1/plans/{name}", Show(added)),
            PlanWriteAnswer.Written written => TypedResults.Ok(Show(written)),
            _ => throw new InvalidOperationException($"The plan was answered with {answer}."),
        };
    }

    private static PutPlanView Show(PlanWriteAnswer.Written written) => new() { Plan = PlanView.Of(written.Plan), Changed = written.Changed, Scheduled = written.Scheduled };

    private static ProblemResult Refused(string detail, IEnumerable<Saga.Contracts.Commands.FieldError> errors) =>
        new(ProblemType.Validation, detail, [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
}

/// <summary>The current version of every plan, by name.</summary>
public sealed record PlansView
{
    public required IReadOnlyList<PlanView> Items { get; init; }
}
