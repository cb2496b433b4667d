using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

internal static class TenantEndpoints
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void MapTenants(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants", ProvisionAsync).WithName("provisionTenant").RequireAuthorization(Policies.Write)
            .WithSummary("Provision a tenant").WithDescription("Accepts the command and answers with the operation that runs it.")
            .Accepts<ProvisionRequest>("application/json")
            .WithHeaderParameter(IdempotencyKey, "1 to 200 visible ASCII characters; the same key and body give the same operation.")
            .WithQueryParameter("dryRun", "true: show the steps that would run and any refusal, and write nothing.", "boolean")
            .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<ProvisionPlanView>()
            .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The operation's address.")
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.SlugTaken, ProblemType.DomainTaken, ProblemType.SubdomainTaken,
                ProblemType.OperationActive, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation, ProblemType.IdempotencyKeyReused);
        api.MapGet("/tenants", ListAsync).WithName("listTenants").RequireAuthorization(Policies.Read)
            .WithSummary("List tenants").WithPaging()
            .WithQueryParameter("search", "Part of the name, slug or domain, in any case.")
            .WithQueryParameter("status", "One or more of provisioning, active, suspended, failed, deprovisioned, separated by commas.")
            .WithQueryParameter("plan", "A plan's name.")
            .WithQueryParameter("sort", $"One of {string.Join(", ", TenantListing.Sorts)}; {TenantListing.Sorts[0]} when absent.")
            .Produces<PageView<TenantView>>().WithProblems(ProblemType.InvalidParameter);
        api.MapGet("/tenants/{idOrSlug}", FindAsync).WithName("getTenant").RequireAuthorization(Policies.Read)
            .WithSummary("Find a tenant by its id or slug")
            .Produces<TenantView>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound);
    }

    private static async Task<IResult> ProvisionAsync(
        HttpRequest request, ClaimsPrincipal user, ProvisionIntake intake, OperationReader operations, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "dryRun");
        var dryRun = query.Flag("dryRun");
        string? key = null;
        if (request.Headers.TryGetValue(IdempotencyKey, out var keys) && !(keys is [{ } given] && ProvisionValidation.IsIdempotencyKey(key = given)))
            query.Fault(IdempotencyKey, $"must be given once: {ProvisionValidation.IdempotencyKeyRule}");
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (ProvisionRequestReader.Read(body.RootElement, key, out var errors) is not { } command)
            return new ProblemResult(ProblemType.Validation, "Fields are unknown or of the wrong kind: see errors.", errors);
        if (dryRun)
            return TypedResults.Ok(ProvisionPlanView.Of(await intake.PlanAsync(command, cancellationToken)));

        switch (await intake.SubmitAsync(command, user.Caller(), cancellationToken))
        {
            case CommandAccepted accepted:
                // From here on the command is durable: a failure to read it back must not be told as a refusal.
                return TypedResults.Accepted(OperationEndpoints.Address(accepted.OperationId), await operations.ShowAsync(accepted, command, user.Caller(), cancellationToken));
            case CommandRejected { Rejection: var rejection }:
                return new ProblemResult(
                    ProblemType.OfRejection(rejection.Code), rejection.Detail,
                    [.. rejection.Errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })],
                    rejection.OperationId is { } active ? OperationEndpoints.Address(active) : null);
            case var other:
                throw new InvalidOperationException($"The intake answered with {other}.");
        }
    }

    private static async Task<IResult> ListAsync(HttpRequest request, TenantListing tenants, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "search", "status", "plan", "sort");
        var sort = query.OneOf("sort", TenantListing.Sorts) ?? TenantListing.Sorts[0];
        var filter = new TenantFilter { Search = query.Text("search", 100), Statuses = query.Several<TenantStatus>("status"), Plan = query.Text("plan") };
        var (cursor, limit) = (query.Cursor(sort), query.Limit());
        return query.Problem as IResult
            ?? TypedResults.Ok(PageView.Of(await tenants.ListAsync(filter, sort, cursor, limit, cancellationToken), TenantView.Of));
    }

    private static async Task<IResult> FindAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        var tenant = TenantId.TryParse(idOrSlug, out var id) ? await tenants.FindAsync(id, cancellationToken)
            : Slug.TryParse(idOrSlug, out var slug) ? await tenants.FindAsync(slug, cancellationToken)
            : null;
        return tenant is null ? new ProblemResult(ProblemType.TenantNotFound, "No tenant has this id or slug. GET /api/v1/tenants lists them.") : TypedResults.Ok(TenantView.Of(tenant));
    }
}
