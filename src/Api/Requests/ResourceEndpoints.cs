using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;

namespace Saga.Api.Requests;

/// <summary>What every list, and every endpoint that shows one thing by its id, has in common.</summary>
internal static class ResourceEndpoints
{
    /// <summary>A list by pages; its filters are added to what this returns.</summary>
    public static RouteHandlerBuilder MapList<TView>(this IEndpointRouteBuilder api, string path, Delegate handler, string policy, string name, string summary) =>
        api.MapGet(path, handler).WithName(name).RequireAuthorization(policy).WithSummary(summary).WithPaging()
            .Produces<PageView<TView>>().WithProblems(ProblemType.InvalidParameter);

    public static RouteHandlerBuilder MapOne<TView>(
        this IEndpointRouteBuilder api, string path, Delegate handler, string policy, string name, string summary, ProblemType notFound) =>
        api.MapGet(path, handler).WithName(name).RequireAuthorization(policy).WithSummary(summary)
            .Produces<TView>().WithProblems(ProblemType.InvalidParameter, notFound);

    /// <summary>Answers with the thing of that id.</summary>
    /// <param name="request">Takes no query parameters.</param>
    /// <param name="id">As the address has it.</param>
    /// <param name="find">Null when there is none.</param>
    /// <param name="notFound">The answer when there is none.</param>
    public static async Task<IResult> ShowAsync<TView>(HttpRequest request, string id, Func<Guid, Task<TView?>> find, Func<ProblemResult> notFound)
        where TView : class
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        return Guid.TryParseExact(id, "d", out var key) && await find(key) is { } found ? TypedResults.Ok(found) : notFound();
    }
}
