using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Registry.Placements;

namespace Saga.Api.Servers;

/// <summary>The database servers that tenants live on.</summary>
internal static class ServerEndpoints
{
    public static void MapServers(this IEndpointRouteBuilder api) =>
        api.MapList<ServerView>("/servers", ListAsync, Policies.Read, "listServers", "List the database servers, with what is used of them")
            .WithQueryParameter("region", "Only servers of this region.");

    private static async Task<IResult> ListAsync(HttpRequest request, ServerListing servers, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "region");
        var (region, cursor, limit) = (query.Text("region", 63), query.Cursor(ServerListing.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await servers.ListAsync(region, cursor, limit, cancellationToken), ServerView.Of));
    }
}
