using System.ComponentModel;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>Deprovisioning a tenant, taking that back, and the certificate of what was removed.</summary>
internal static class DeprovisionEndpoints
{
    private const string Digest = "Repr-Digest";

    public static void MapDeprovisioning(this IEndpointRouteBuilder api)
    {
        Describe(api.MapDelete("/tenants/{idOrSlug}", DeprovisionAsync)).WithName("deleteTenant").WithSummary("Deprovision a tenant");
        Describe(api.MapPost("/tenants/{idOrSlug}/deprovision", DeprovisionAsync)).WithName("deprovisionTenant").WithSummary("Deprovision a tenant, for clients that send no body with DELETE");
        api.MapPost("/tenants/{idOrSlug}/deprovision/cancel", CancelAsync).WithName("cancelDeprovisioning")
            .WithSummary("Take a deprovisioning back")
            .WithDescription("The removal is cancelled when the command is accepted. Then the tenant is opened as it was, unless another hold keeps it closed.")
            .TakesCommand<CancelDeprovisionRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.NotDeprovisioning, ProblemType.DeprovisioningFinal);
        api.MapOne<DeletionCertificate>("/tenants/{idOrSlug}/certificate", CertificateAsync, Policies.Read, "getDeletionCertificate", "Show the deletion certificate of a tenant", ProblemType.CertificateNotFound)
            .WithResponseHeader(StatusCodes.Status200OK, Digest, "The SHA-256 of the body, which was recorded with the deletion (RFC 9530).");
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("The tenant is closed when the command is accepted, whatever else runs. Everything of it is removed after the grace period by a scheduled command.")
        .TakesCommand<DeprovisionRequest, DeprovisionPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.AlreadyDeprovisioning, ProblemType.NotSupported);

    private static Task<IResult> DeprovisionAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<DeprovisionTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(DeprovisionPlanView.Of(preview)), cancellationToken);

    private static Task<IResult> CancelAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<CancelDeprovisioning> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static async Task<IResult> CertificateAsync(
        HttpRequest request, HttpResponse response, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, CertificateStore certificates, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant || await certificates.FindAsync(tenant, cancellationToken) is not { } found)
            return new ProblemResult(ProblemType.CertificateNotFound, "No tenant with this id or slug was removed. A tenant that has another's former slug is found by that slug: use the id.");
        response.Headers[Digest] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(found.Sha256))}:";
        // As it was written, because the checksum is of these bytes.
        return TypedResults.Text(found.Document, "application/json", Encoding.UTF8);
    }
}
