using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;

namespace Saga.Api.OpenApi;

internal static class OpenApiRegistration
{
    private const string Document = "v1";
    private const string Route = "/openapi/{documentName}.json";
    private const string Bearer = "bearer";

    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi(Document, options =>
    {
        // Other endpoints of the process are not part of this API, and HEAD need not be described.
        options.ShouldInclude = description => description is { HttpMethod: not "HEAD", RelativePath: { } path } && (path.StartsWith("api/v1/", StringComparison.Ordinal) || path.StartsWith("health/", StringComparison.Ordinal));
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Saga control plane", Version = "1.0", Description = "Manages the lifecycle of tenants. Errors are application/problem+json; branch on type." };
            document.Servers = [new() { Url = "/" }];
            document.Components ??= new();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = $"A token from the configured OIDC issuer, signed RS256, ES256 or PS256, with a role ({string.Join(", ", Roles.All)}) in roles or realm_access.roles.",
            };
            Words.Name(document);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // A converter writes it as text, so the schema must be set by hand.
            if (context.JsonTypeInfo.Type == typeof(TenantId))
                (schema.Type, schema.Format) = (JsonSchemaType.String, "uuid");
            else if (context.JsonTypeInfo.Type.IsEnum)
                schema.Type = JsonSchemaType.String;
            Words.Describe(schema, context);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var policies = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Select(a => a.Policy).ToList();
            if (policies is not [{ } policy])
                return Task.CompletedTask;
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            operation.Description = $"{operation.Description} Needs the role {Policies.Needs(policy)}.".TrimStart();
            return Task.CompletedTask;
        });
    });

    /// <summary>Serves <c>/openapi/v1.json</c> without a token, because it contains only the contract. <c>/docs</c> shows it.</summary>
    public static void MapApiDocument(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi(Route).AllowAnonymous();
        app.MapReferencePage(Route);
    }
}
