using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;

namespace Saga.Api.Backups;

/// <summary>Backing up a tenant, and its backups.</summary>
internal static class BackupEndpoints
{
    public static void MapBackups(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants/{idOrSlug}/backup", BackUpAsync).WithName("backUpTenant")
            .WithSummary("Back up a tenant")
            .WithDescription("Writes the tenant's rows, its settings and the list of its objects to the object store, encrypted. A suspended tenant can be backed up as well.")
            .TakesCommand<BackupRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState).MayBeScheduled();
        api.MapPost("/tenants/{idOrSlug}/restore", RestoreAsync).WithName("restoreTenant")
            .WithSummary("Restore a tenant's rows from a backup")
            .WithDescription("Restores into a database beside the tenant's place and verifies it; with the mode replace, the tenant then gets what was restored instead of its rows. A deprovisioned tenant comes back under its id with the mode replace, while its backup key exists. Nothing is written before every file of the backup was read and its checksum compared.")
            .TakesCommand<RestoreRequest, RestorePlanView>(ProblemType.TenantNotFound, ProblemType.BackupNotFound, ProblemType.TenantState, ProblemType.BackupState, ProblemType.SlugTaken, ProblemType.SubdomainTaken, ProblemType.NoServer, ProblemType.ServerFull);
        api.MapGet("/tenants/{idOrSlug}/backups", ListAsync).WithName("listBackups").RequireAuthorization(Policies.Read)
            .WithSummary("List a tenant's backups, newest first").WithPaging()
            .WithQueryParameter("state", "One or more of running, completed, failed, expiring, expired, separated by commas.")
            .Produces<PageView<BackupView>>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound);
        api.MapOne<BackupView>("/backups/{id}", FindAsync, Policies.Read, "getBackup", "Show a backup and what it consists of", ProblemType.BackupNotFound);
        api.MapDelete("/backups/{id}", RemoveAsync).WithName("removeBackup")
            .WithSummary("Remove a backup before its time is over")
            .WithDescription("Its key is destroyed, then its files are removed. It stays listed as expired. The tenant's last good backup is removed only with force.")
            .TakesCommand<RemoveBackupRequest, CommandPlanView>(ProblemType.BackupNotFound, ProblemType.BackupState, ProblemType.TenantState);
    }

    private static async Task<IResult> RemoveAsync(
        HttpRequest request, [Description("The backup's id.")] string id, ClaimsPrincipal user, BackupStore backups, CommandDoor<ExpireBackups> door, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "d", out var key) || await backups.FindAsync(key, cancellationToken) is not { } backup)
            return NotFound();
        return await door.TakeAsync(
            request, user,
            (body, idempotencyKey, out errors) =>
            {
                if (CommandReader.Read<RemoveBackupRequest>(body, hasKey: false, out errors) is not { } given)
                    return null;
                if (given.Reason is null)
                {
                    errors = [new("/reason", ReasonText.Rule)];
                    return null;
                }

                return new() { TenantId = backup.TenantId, Backups = [key], EvenLast = given.Force, Reason = given.Reason, IdempotencyKey = idempotencyKey };
            },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
    }

    private static Task<IResult> BackUpAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<BackupTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static Task<IResult> RestoreAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<RestoreTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(RestorePlanView.Of(preview)), cancellationToken);

    private static async Task<IResult> ListAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, BackupStore backups, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state");
        var states = query.Several<BackupState>("state");
        var (cursor, limit) = (query.Cursor(BackupStore.Sort), query.Limit());
        if (query.Problem is { } bad)
            return bad;
        return await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is { } tenant
            ? TypedResults.Ok(PageView.Of(await backups.ListAsync(tenant, states, cursor, limit, cancellationToken), BackupView.InList))
            : TenantAddress.NotFound();
    }

    private static Task<IResult> FindAsync(HttpRequest request, [Description("The backup's id.")] string id, BackupStore backups, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(
            request, id, async key => await backups.FindAsync(key, cancellationToken) is { } backup ? BackupView.Of(backup) : null,
            NotFound);

    private static ProblemResult NotFound() => new(ProblemType.BackupNotFound, "No backup has this id. GET /api/v1/tenants/{idOrSlug}/backups lists those of a tenant.");
}
