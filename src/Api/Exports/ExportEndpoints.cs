using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Exports;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;

namespace Saga.Api.Exports;

/// <summary>Exporting a tenant's data, and the files of exports.</summary>
internal static class ExportEndpoints
{
    /// <summary>Adds the links. Without the section <c>Saga:Storage</c> the Api gives none.</summary>
    public static IServiceCollection AddExports(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<ExportLinkOptions>().Bind(configuration.GetSection(ExportLinkOptions.Section)).ValidateDataAnnotations();
        if (configuration[$"{StorageOptions.Section}:{nameof(StorageOptions.Adapter)}"] is { Length: > 0 })
            services.AddTenantObjects(configuration);
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<ExportLinks>();
    }

    public static void MapExports(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants/{idOrSlug}/export", ExportAsync).WithName("exportTenant")
            .WithSummary("Export a tenant's data")
            .WithDescription("Writes the tenant's data, or what concerns one of its users, to a zip file that can be downloaded until it expires. A tenant that may not grow can be exported, a closed one cannot.")
            .TakesCommand<ExportRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.NotSupported).MayBeScheduled();
        api.MapGet("/tenants/{idOrSlug}/exports", ListAsync).WithName("listExports").RequireAuthorization(Policies.Read)
            .WithSummary("List a tenant's exports, newest first").WithPaging()
            .WithQueryParameter("state", "One or more of running, completed, failed, removed, separated by commas.")
            .Produces<PageView<ExportView>>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound);
        api.MapOne<ExportView>("/exports/{id}", FindAsync, Policies.Read, "getExport", "Show an export", ProblemType.ExportNotFound);
        api.MapPost("/exports/{id}/link", LinkAsync).WithName("linkExport").RequireAuthorization(Policies.Write)
            .WithSummary("Get a link to an export's file")
            .WithDescription("The link is valid for a short time and needs no token. Who got one is in the audit log; the link itself is stored nowhere.")
            .Accepts<ExportLinkRequest>("application/json").Produces<ExportLinkView>()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.ExportNotFound, ProblemType.ExportState, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType,
                ProblemType.Validation, ProblemType.ExportLinksUnavailable);
        api.MapGet("/exports/{id}/content", ContentAsync).WithName("downloadExport").AllowAnonymous()
            .WithSummary("Download an export's file")
            .WithDescription("The address in a link, if exports are in a folder. With S3, links lead to the S3 server.")
            .WithQueryParameter("expires", "As in the link.").WithQueryParameter("signature", "As in the link.")
            .Produces(StatusCodes.Status200OK, contentType: ExportLinks.ContentType).WithProblems(ProblemType.InvalidParameter, ProblemType.ExportLinkInvalid, ProblemType.ExportLinksUnavailable);
    }

    private static Task<IResult> ExportAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<ExportTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static async Task<IResult> ListAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, ExportStore exports, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state");
        var states = query.Several<ExportState>("state");
        var (cursor, limit) = (query.Cursor(ExportStore.Sort), query.Limit());
        if (query.Problem is { } bad)
            return bad;
        return await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is { } tenant
            ? TypedResults.Ok(PageView.Of(await exports.ListAsync(tenant, states, cursor, limit, cancellationToken), ExportView.Of))
            : TenantAddress.NotFound();
    }

    private static Task<IResult> FindAsync(HttpRequest request, [Description("The export's id.")] string id, ExportStore exports, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(
            request, id, async key => await exports.FindAsync(key, cancellationToken) is { } export ? ExportView.Of(export) : null, NotFound);

    private static async Task<IResult> LinkAsync(
        HttpRequest request, [Description("The export's id.")] string id, ClaimsPrincipal user, ExportStore exports, ExportLinks links, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<ExportLinkRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return new ProblemResult(ProblemType.Validation, CommandReader.Detail, [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
        if (ReasonText.Normalize(given.Reason) is not { } reason)
            return new ProblemResult(ProblemType.Validation, "The request breaks a rule: see errors.", [new() { Pointer = "/reason", Detail = ReasonText.Rule }]);
        if (!Guid.TryParseExact(id, "d", out var key) || await exports.FindAsync(key, cancellationToken) is not { } export)
            return NotFound();
        if (links.Until(export) is not { } until)
        {
            return new ProblemResult(
                ProblemType.ExportState,
                export.State == ExportState.Completed ? "The export's file has expired. Export the tenant again." : $"The export is {ExportView.Of(export).State}. Only a completed one has a file.");
        }

        if (!links.AreAvailable)
            return Unavailable("Set Saga:Storage of the Api as the workers have it, with credentials that may read the bucket of exports.");
        try
        {
            var url = await links.CreateAsync(export, until, request);
            // Before the caller has it, so that nobody has a link that the audit log does not know.
            await exports.AuditLinkAsync(export, user.Caller().ToString(), reason, until, cancellationToken);
            request.HttpContext.Response.Headers.CacheControl = "no-store";
            return TypedResults.Ok(new ExportLinkView { Url = url, ExpiresAt = until, Bytes = export.Bytes!.Value, Sha256 = Convert.ToHexStringLower(export.Sha256!) });
        }
        catch (Exception error) when (FolderFailures.IsFailure(error) || S3Failures.IsFailure(error, cancellationToken))
        {
            return Unavailable(error.Message);
        }
    }

    private static async Task<IResult> ContentAsync(
        HttpRequest request, [Description("The export's id.")] string id, ExportStore exports, ExportLinks links, TimeProvider time, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "expires", "signature");
        var (expires, signature) = (query.Text("expires"), query.Text("signature"));
        if (query.Problem is { } bad)
            return bad;
        try
        {
            // All that nobody was given a link to looks the same.
            if (links.Folder is not { } folder || !Guid.TryParseExact(id, "d", out var key) || !folder.IsValid(key, expires, signature, time.GetUtcNow())
                || await exports.FindAsync(key, cancellationToken) is not { } export || links.Until(export) is null || folder.PathOf(export) is not { } path)
            {
                return new ProblemResult(ProblemType.ExportLinkInvalid, "Get another link with POST /api/v1/exports/{id}/link, if the export is still there.");
            }

            request.HttpContext.Response.Headers.CacheControl = "no-store";
            return TypedResults.PhysicalFile(path, ExportLinks.ContentType, ExportLinks.FileName(export), enableRangeProcessing: true);
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            return Unavailable(error.Message);
        }
    }

    private static ProblemResult Unavailable(string why) => new(ProblemType.ExportLinksUnavailable, why);

    private static ProblemResult NotFound() => new(ProblemType.ExportNotFound, "No export has this id. GET /api/v1/tenants/{idOrSlug}/exports lists those of a tenant.");
}
