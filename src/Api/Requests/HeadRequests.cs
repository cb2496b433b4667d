using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Saga.Api.Requests;

/// <summary>What can be read can be asked for by HEAD too (RFC 9110, 9.1), as load balancers do. The server leaves the body away.</summary>
internal static class HeadRequests
{
    private static readonly string[] Both = [HttpMethods.Get, HttpMethods.Head];

    public static TBuilder WithHead<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
                endpoint.Metadata.Add(new HttpMethodMetadata(Both));
        });
        return endpoints;
    }
}
