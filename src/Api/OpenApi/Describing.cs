using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;

namespace Saga.Api.OpenApi;

/// <summary>OpenApi metadata that an endpoint's signature does not express.</summary>
internal static class Describing
{
    public static RouteHandlerBuilder WithQueryParameter(this RouteHandlerBuilder endpoint, string name, string description, string type = "string") =>
        endpoint.WithParameter(ParameterLocation.Query, name, description, type);

    public static RouteHandlerBuilder WithHeaderParameter(this RouteHandlerBuilder endpoint, string name, string description) =>
        endpoint.WithParameter(ParameterLocation.Header, name, description, "string");

    public static RouteHandlerBuilder WithPaging(this RouteHandlerBuilder endpoint) => endpoint
        .WithQueryParameter("cursor", "nextCursor of the previous page; the first page when absent.")
        .WithQueryParameter("limit", $"The size of the page: 1 to {QueryReader.MaxLimit}, {QueryReader.DefaultLimit} when absent.", "integer");

    /// <summary>Adds the problems of this endpoint and those that every endpoint may return.</summary>
    public static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder endpoint, params ReadOnlySpan<ProblemType> own)
    {
        ProblemType[] all = [.. own, ProblemType.Unauthenticated, ProblemType.Forbidden, ProblemType.TooManyRequests, ProblemType.Internal, ProblemType.RegistryUnavailable, ProblemType.IssuerUnavailable];
        foreach (var status in all.GroupBy(p => p.Status))
            endpoint.Produces<Problem>(status.Key, Problem.ContentType);
        return endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            foreach (var status in all.GroupBy(p => p.Status))
            {
                if (operation.Responses?.TryGetValue(status.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response) == true)
                    response.Description = string.Join(" or ", status.Select(p => p.Uri));
            }

            return Task.CompletedTask;
        });
    }

    public static RouteHandlerBuilder WithResponseHeader(this RouteHandlerBuilder endpoint, int status, string name, string description) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            if (operation.Responses?.TryGetValue(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var found) == true && found is OpenApiResponse response)
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            }

            return Task.CompletedTask;
        });

    private static RouteHandlerBuilder WithParameter(this RouteHandlerBuilder endpoint, ParameterLocation where, string name, string description, string type) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = where,
                Description = description,
                Schema = new OpenApiSchema { Type = type switch { "integer" => JsonSchemaType.Integer, "boolean" => JsonSchemaType.Boolean, _ => JsonSchemaType.String } },
            });
            return Task.CompletedTask;
        });
}
