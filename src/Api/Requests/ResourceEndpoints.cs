using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;

namespace Saga.Api.Requests;

/// <summary>Common parts of endpoints that return lists or single resources by id.</summary>
internal static class ResourceEndpoints
{
    /// <summary>Maps a paged list. Add its filters to the returned builder.</summary>
    public static RouteHandlerBuilder MapList<TView>(this IEndpointRouteBuilder api, string path, Delegate handler, string policy, string name, string summary) =>
        api.MapGet(path, handler).WithName(name).RequireAuthorization(policy).WithSummary(summary).WithPaging()
            .Produces<PageView<TView>>().WithProblems(ProblemType.InvalidParameter);

    public static RouteHandlerBuilder MapOne<TView>(
        this IEndpointRouteBuilder api, string path, Delegate handler, string policy, string name, string summary, ProblemType notFound) =>
        api.MapGet(path, handler).WithName(name).RequireAuthorization(policy).WithSummary(summary)
            .Produces<TView>().WithProblems(ProblemType.InvalidParameter, notFound);

    /// <summary>Returns the resource with that id.</summary>
    /// <param name="request">The request, which must have no query parameters.</param>
    /// <param name="id">The id from the address.</param>
    /// <param name="find">Finds the resource; returns null when there is none.</param>
    /// <param name="notFound">The response when there is none.</param>
    public static async Task<IResult> ShowAsync<TView>(HttpRequest request, string id, Func<Guid, Task<TView?>> find, Func<ProblemResult> notFound)
        where TView : class
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        return Guid.TryParseExact(id, "d", out var key) && await find(key) is { } found ? TypedResults.Ok(found) : notFound();
    }
}
