using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api.Problems;
using Saga.Api.Tokens;
using Saga.Hosting.Health;
using Saga.Registry.Audit;

namespace Saga.Api.Audit;

internal static class AuditRegistration
{
    // Commands that are refused, although not because of what they say.
    private static readonly ProblemType?[] NotRun = [ProblemType.StepNotHosted, ProblemType.EngineTooOld];

    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<RefusalLog>();
        services.AddHostedService(s => s.GetRequiredService<RefusalLog>());
        services.AddHealthChecks().AddCheck<AuditHealth>("audit-sealing", timeout: HealthRegistration.Patience);
        return services;
    }

    /// <summary>Says from where a request's changes are ordered, and counts refused requests. Before authentication, which may refuse.</summary>
    public static WebApplication UseAudit(this WebApplication app)
    {
        var refusals = app.Services.GetRequiredService<RefusalLog>();
        app.Use(async (context, next) =>
        {
            AuditOrigin.Enter(AuditOrigin.OfAddress(context.Connection.RemoteIpAddress));
            await next(context);
            if (IsRefusal(context))
                Count(context, refusals);
        });
        return app;
    }

    // Without a token or a role, or an order that is not carried out for a reason of its own. What a caller only asks for may well not be there.
    private static bool IsRefusal(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => true,
        StatusCodes.Status429TooManyRequests => false,
        >= 400 and < 500 => IsOrder(context.Request),
        StatusCodes.Status503ServiceUnavailable => IsOrder(context.Request) && NotRun.Contains(context.Features.Get<ShownProblem>()?.Type),
        _ => false,
    };

    private static bool IsOrder(HttpRequest request) => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && request.Query["dryRun"] != "true";

    private static void Count(HttpContext context, RefusalLog refusals)
    {
        var problem = context.Features.Get<ShownProblem>();
        // The reasons of the token's judge and of the policies are fixed texts. Others may name what the caller sent.
        var reason = problem?.Type == ProblemType.Unauthenticated || problem?.Type == ProblemType.Forbidden ? problem.Detail : problem?.Type.Title;
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        refusals.Add(
            context.User.Identity is { IsAuthenticated: true } ? context.User.Caller().ToString() : null, AuditOrigin.Current,
            route is null ? "(no endpoint)" : $"{context.Request.Method} {route}", context.Response.StatusCode, problem?.Type.Code, reason);
    }
}
