using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Api.Audit;

/// <summary>The audit log, as pages or as one stream of JSON lines.</summary>
internal static class AuditEndpoints
{
    /// <summary>A JSON object in each line.</summary>
    public const string JsonLines = "application/jsonl";

    private const string Format = "jsonl";

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        Describe(api.MapList<AuditView>("/audit", ListAsync, Policies.Audit, "listAudit", "List the audit log, newest first"));
        Describe(api.MapList<AuditView>("/tenants/{idOrSlug}/audit", ListOfTenantAsync, Policies.Audit, "listTenantAudit", "List the audit log of a tenant, newest first"))
            .WithProblems(ProblemType.TenantNotFound);
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("With Accept: application/jsonl, or format=jsonl, everything that fits the filters is one stream, the oldest first, a JSON object a line. A stream that ended early has no line with complete at its end.")
        .WithQueryParameter("actor", "Who did it, exactly as the audit log has it.")
        .WithQueryParameter("action", "What was done, such as tenant.suspend.")
        .WithQueryParameter("outcome", "allowed or refused.")
        .WithQueryParameter("from", "Not before this time.")
        .WithQueryParameter("until", "Before this time.")
        .WithQueryParameter("operation", "The id of an operation.")
        .WithQueryParameter("format", "jsonl for a stream of JSON lines. Without limit and cursor.");

    private static Task<IResult> ListAsync(HttpRequest request, AuditListing audit, CancellationToken cancellationToken) => AnswerAsync(request, null, audit, cancellationToken);

    private static async Task<IResult> ListOfTenantAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, AuditListing audit, CancellationToken cancellationToken) =>
        await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is { } tenant ? await AnswerAsync(request, tenant, audit, cancellationToken) : TenantAddress.NotFound();

    private static async Task<IResult> AnswerAsync(HttpRequest request, TenantId? tenant, AuditListing audit, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "actor", "action", "outcome", "from", "until", "operation", "format");
        var filter = new AuditFilter
        {
            Tenant = tenant,
            Actor = query.Text("actor", 300),
            Action = query.Text("action", 63),
            Outcome = query.OneOf("outcome", [AuditListing.Allowed, AuditListing.Refused]),
            From = query.Time("from"),
            Until = query.Time("until"),
            Operation = Operation(query),
        };
        var asLines = query.OneOf("format", [Format]) is not null || AcceptsLines(request);
        var (cursor, limit) = (query.Cursor(AuditListing.Sort), query.Limit());
        if (asLines && (request.Query.ContainsKey("cursor") || request.Query.ContainsKey("limit")))
            query.AddError(request.Query.ContainsKey("cursor") ? "cursor" : "limit", $"is for pages, and {JsonLines} has none: leave it out");
        if (query.Problem is { } bad)
            return bad;
        return asLines
            ? new LinesResult(audit.ExportAsync(filter, cancellationToken))
            : TypedResults.Ok(PageView.Of(await audit.ListAsync(filter, cursor, limit, cancellationToken), AuditView.Of));
    }

    private static Guid? Operation(QueryReader query)
    {
        if (query.Text("operation") is not { } text)
            return null;
        if (Guid.TryParseExact(text, "d", out var id))
            return id;
        query.AddError("operation", "must be the id of an operation, such as 0198f6a0-0000-7000-8000-000000000000");
        return null;
    }

    private static bool AcceptsLines(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(JsonLines, StringComparison.OrdinalIgnoreCase) && type.Quality is null or > 0);

    private sealed class LinesResult(IAsyncEnumerable<IReadOnlyList<ListedAudit>> pages) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = JsonLines;
            response.Headers[HeaderNames.ContentDisposition] = "attachment; filename=\"audit.jsonl\"";
            if (HttpMethods.IsHead(httpContext.Request.Method))
                return;
            var lines = 0L;
            await foreach (var page in pages.WithCancellation(httpContext.RequestAborted))
            {
                foreach (var line in page)
                {
                    Write(response, AuditView.Of(line));
                    lines++;
                }

                // Waits while the caller reads slower than this writes, so a page is all that is in memory.
                await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
            }

            Write(response, new { complete = true, lines });
            await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
        }

        private static void Write<T>(HttpResponse response, T line)
        {
            response.BodyWriter.Write(JsonSerializer.SerializeToUtf8Bytes(line, ApiJson.Options));
            response.BodyWriter.Write("\n"u8);
        }
    }
}
