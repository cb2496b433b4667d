using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Intake;
using Saga.Registry.Domains;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>A tenant's own domains.</summary>
internal static class DomainEndpoints
{
    private const string Path = "/tenants/{idOrSlug}/domains";

    public static void MapDomains(this IEndpointRouteBuilder api)
    {
        api.MapGet(Path, ListAsync).WithName("listDomains").RequireAuthorization(Policies.Read)
            .WithSummary("List a tenant's domains").WithDescription("Claims that have expired are not listed.")
            .Produces<DomainsView>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound);
        api.MapPost(Path, ClaimAsync).WithName("addDomain").RequireAuthorization(Policies.Write)
            .WithSummary("Claim a domain for a tenant").WithDescription("The claim blocks nobody, and ends after 7 days unless the control of the domain is proved. The same claim again gets a new time.")
            .Accepts<DomainRequest>("application/json").Produces<DomainView>(StatusCodes.Status201Created).Produces<DomainView>()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.DomainTaken, ProblemType.BodyTooLarge,
                ProblemType.UnsupportedMediaType, ProblemType.Validation);
        api.MapPost(Path + "/{domain}/verify", VerifyAsync).WithName("verifyDomain").RequireAuthorization(Policies.Write)
            .WithSummary("Look whether the control of a domain is proved")
            .WithDescription("Asks DNS each time. The first time that the record is found, an operation gives the domain to the tenant's organisation. A domain that was proved stays so.")
            .Produces<DomainView>()
            .WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound, ProblemType.DomainNotFound, ProblemType.DomainTaken, ProblemType.DomainNotProved, ProblemType.DnsUnavailable);
        api.MapDelete(Path + "/{domain}", RemoveAsync).WithName("removeDomain")
            .WithSummary("Remove a domain from a tenant").WithDescription("It is used for nothing from the acceptance on. The operation takes it from the tenant's organisation, as soon as no other operation works on the tenant.")
            .TakesCommandWithoutBody<CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.DomainNotFound);
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, TenantDomainStore domains, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        return await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is { } tenant
            ? TypedResults.Ok(new DomainsView { Items = [.. (await domains.ListAsync(tenant, cancellationToken)).Select(DomainView.Of)] })
            : TenantAddress.NotFound();
    }

    private static async Task<IResult> ClaimAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantStore tenants, DomainClaims claims, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<DomainRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return new ProblemResult(ProblemType.Validation, CommandReader.Detail, Errors(errors));
        var claim = await claims.ClaimAsync(tenant, given.Domain, user.Caller().ToString(), cancellationToken);
        if (claim.Rejection is { } rejection)
            return new ProblemResult(ProblemType.OfRejection(rejection.Code), rejection.Detail, Errors(rejection.Errors));
        if (claim.Domain is not { } domain)
            return NotFound();
        var view = DomainView.Of(domain);
        return claim.IsNew ? TypedResults.Created($"/api/v1/tenants/{tenant}/domains", view) : TypedResults.Ok(view);
    }

    private static async Task<IResult> VerifyAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, string domain, ClaimsPrincipal user, TenantStore tenants, TenantDomainStore domains,
        DomainChecker checker, DomainLinks links, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        if (DomainProof.Spelling(domain) is not { } name || await checker.CheckAsync(tenant, name, user.Caller().ToString(), cancellationToken) is not { } check)
            return NotFound();
        var publish = $"Publish a TXT record at {check.RecordName} with the text {check.RecordText}, and verify again.";
        switch (check.Outcome)
        {
            case DomainCheckOutcome.Missing:
                return new ProblemResult(ProblemType.DomainNotProved, $"{check.Detail} {publish} A new record may take a while until every DNS server has it.");
            case DomainCheckOutcome.Unavailable:
                return new ProblemResult(ProblemType.DnsUnavailable, $"{check.Detail} Nothing is known about the record.", retryAfterSeconds: ExceptionProblems.RetryAfterSeconds);
            case DomainCheckOutcome.Taken:
                return new ProblemResult(ProblemType.DomainTaken, check.Detail);
            case DomainCheckOutcome.Changed:
                return NotFound();
        }

        if (await domains.FindAsync(tenant, name, cancellationToken) is not { } proved)
            return NotFound();
        // If this process dies here, the next verification or the sweeper starts the operation.
        var outcome = await links.LinkAsync(proved, user.Caller(), cancellationToken);
        return TypedResults.Ok(DomainView.Of(proved) with { Operation = outcome is CommandAccepted accepted ? OperationEndpoints.Address(accepted.OperationId) : null });
    }

    private static async Task<IResult> RemoveAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, string domain, ClaimsPrincipal user, CommandDoor<LinkDomains> door, TenantStore tenants,
        CancellationToken cancellationToken) =>
        await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant ? TenantAddress.NotFound()
            : DomainProof.Spelling(domain) is not { } name ? NotFound()
            : await door.TakeWithoutBodyAsync(
                request, user, key => new() { TenantId = tenant, Remove = name, IdempotencyKey = key }, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static IReadOnlyList<ProblemError> Errors(IEnumerable<FieldError> errors) => [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })];

    private static ProblemResult NotFound() => new(ProblemType.DomainNotFound, "The tenant has no such domain, or its claim has expired. GET /api/v1/tenants/{idOrSlug}/domains lists them.");
}
