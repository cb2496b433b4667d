using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Fleet;

/// <summary>Commands about no single tenant.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this IEndpointRouteBuilder api) =>
        api.MapPost("/fleet/rotate-master-key", RotateMasterKeyAsync).WithName("rotateMasterKey")
            .WithSummary("Wrap every tenant's key with another master key")
            .WithDescription("Refused while a process lacks the key or wraps with another one. Afterwards the former master keys are no longer needed.")
            .TakesCommand<RotateMasterKeyRequest, CommandPlanView>().MayBeScheduled();

    private static Task<IResult> RotateMasterKeyAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<RotateMasterKey> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static RotateMasterKey? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
        CommandReader.Read<RotateMasterKey>(body, hasKey: false, out errors) is { } command ? command with { IdempotencyKey = idempotencyKey } : null;
}
