using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Scalar.AspNetCore;

namespace Saga.Api.OpenApi;

/// <summary>Shows the OpenAPI document as an interactive page.</summary>
internal static class ReferencePage
{
    public const string Path = "/docs";

    /// <summary>
    /// Serves <c>/docs</c> without a token, like the document itself. Everything that the page loads comes from this process, and the
    /// Content-Security-Policy forbids other sources.
    /// </summary>
    public static void MapReferencePage(this IEndpointRouteBuilder app, string document) => app.MapScalarApiReference(Path, (options, context) =>
    {
        options.Title = "Saga control plane";
        options.OpenApiRoutePattern = document;
        options.DefaultFonts = false;
        options.Telemetry = false;
        options.DisableAgent().DisableMcp();
        options.HideClientButton = true;
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
        options.Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{options.Nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
    }).AllowAnonymous();
}
