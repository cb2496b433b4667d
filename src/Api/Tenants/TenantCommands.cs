using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Saga.Api.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>Takes commands about the tenant in the address.</summary>
/// <param name="door">Answers the request.</param>
/// <param name="tenants">Finds the tenant.</param>
internal sealed class TenantCommands<TCommand>(CommandDoor<TCommand> door, TenantStore tenants)
    where TCommand : class
{
    /// <param name="request">The request.</param>
    /// <param name="idOrSlug">The tenant in the address.</param>
    /// <param name="user">The caller.</param>
    /// <param name="about">Gives the command its tenant and its idempotency key.</param>
    /// <param name="show">Builds the response to a dry run.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    public async Task<IResult> TakeAsync(
        HttpRequest request, string idOrSlug, ClaimsPrincipal user, Func<TCommand, TenantId, string?, TCommand> about, Func<CommandPreview, IResult> show,
        CancellationToken cancellationToken)
    {
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        return await door.TakeAsync(
            request, user,
            (body, key, out errors) => CommandReader.Read<TCommand>(body, hasKey: false, out errors, TenantAddress.Field) is { } command ? about(command, tenant, key) : null,
            show, cancellationToken);
    }
}
