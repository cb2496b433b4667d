using System.ComponentModel;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;

namespace Saga.Api.Fleet;

/// <summary>Backing up the registry itself, and its backups.</summary>
internal static class RegistryBackupEndpoints
{
    public static void MapRegistryBackups(this IEndpointRouteBuilder api)
    {
        api.MapPost("/fleet/registry/backups", BackUpAsync).WithName("backUpRegistry")
            .WithSummary("Back up the registry")
            .WithDescription("Writes the whole control-plane database to the object store, encrypted. Whoever loses the registry without a backup loses every wrapped key. It runs beside all other operations.")
            .TakesCommand<RegistryBackupRequest, CommandPlanView>().MayBeScheduled();
        api.MapGet("/fleet/registry/backups", ListAsync).WithName("listRegistryBackups").RequireAuthorization(Policies.Read)
            .WithSummary("List the backups of the registry, newest first").WithPaging()
            .WithQueryParameter("state", "One or more of running, completed, failed, expiring, expired, separated by commas.")
            .Produces<PageView<RegistryBackupView>>().WithProblems(ProblemType.InvalidParameter);
        api.MapOne<RegistryBackupView>("/fleet/registry/backups/{id}", FindAsync, Policies.Read, "getRegistryBackup", "Show a backup of the registry and what it consists of", ProblemType.BackupNotFound);
    }

    private static Task<IResult> BackUpAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<BackUpRegistry> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static BackUpRegistry? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
        CommandReader.Read<BackUpRegistry>(body, hasKey: false, out errors) is { } command ? command with { IdempotencyKey = idempotencyKey } : null;

    private static async Task<IResult> ListAsync(HttpRequest request, RegistryBackupStore backups, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state");
        var states = query.Several<BackupState>("state");
        var (cursor, limit) = (query.Cursor(RegistryBackupStore.Sort), query.Limit());
        return query.Problem is { } bad ? bad : TypedResults.Ok(PageView.Of(await backups.ListAsync(states, cursor, limit, cancellationToken), RegistryBackupView.InList));
    }

    private static Task<IResult> FindAsync(HttpRequest request, [Description("The backup's id.")] string id, RegistryBackupStore backups, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(
            request, id, async key => await backups.FindAsync(key, cancellationToken) is { } backup ? RegistryBackupView.Of(backup) : null,
            () => new(ProblemType.BackupNotFound, "No backup of the registry has this id. GET /api/v1/fleet/registry/backups lists them."));
}
