using System.ComponentModel;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Config;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>A tenant's configuration, key by key.</summary>
internal static class ConfigEndpoints
{
    private const string Path = "/tenants/{idOrSlug}/config";

    public static void MapConfig(this IEndpointRouteBuilder api)
    {
        api.MapGet(Path + "/{key}", FindAsync).WithName("getConfig").RequireAuthorization(Policies.Read).WithSummary("Show one value of a tenant's configuration")
            .Produces<ConfigView>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound, ProblemType.ConfigKeyNotFound);
        api.MapPut(Path + "/{key}", PutAsync).WithName("putConfig").WithSummary("Give a tenant its own value for a key")
            .WithDescription("Accepts the command and returns the operation that runs it. An encrypted value is sealed with the tenant's key and never shown.")
            .TakesCommand<PutConfigRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState);
        api.MapDelete(Path + "/{key}", RemoveAsync).WithName("deleteConfig").WithSummary("Take a tenant's own value for a key back")
            .WithDescription("Accepts the command and returns the operation that runs it. The plan's value counts again, whether the tenant's own was encrypted or not.")
            .TakesCommandWithoutBody<CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState);
        api.MapPost(Path, PostAsync).WithName("postConfig").WithSummary("Give a tenant its own value for a key in the body")
            .WithDescription("The same as PUT with the key in the address.")
            .TakesCommand<PostConfigRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState);
    }

    private static async Task<IResult> FindAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, [Description("A setting, or features. and the name of a feature.")] string key,
        TenantStore tenants, PlanStore plans, SettingMarkStore marks, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } id || await tenants.FindAsync(id, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        if (await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken) is not { } plan || ConfigKey.Find(plan, key) is not { } found)
            return new ProblemResult(ProblemType.ConfigKeyNotFound, $"The tenant's plan '{tenant.Plan}' has no key with this name. GET /api/v1/plans/{tenant.Plan} lists the settings and features of each version.");
        if (found.Setting is not { } setting)
        {
            var own = tenant.Features.TryGetValue(found.Name, out var on);
            return TypedResults.Ok(new ConfigView { Key = key, Value = JsonSerializer.SerializeToElement(own ? on : found.Default), Encrypted = false, Source = own ? "tenant" : "plan" });
        }

        var mark = await marks.FindAsync(id, key, cancellationToken);
        var encrypted = setting.Sealed || mark?.Sealed == true;
        var given = tenant.Settings.TryGetValue(key, out var value);
        return TypedResults.Ok(new ConfigView
        {
            Key = key,
            Value = encrypted || (setting.Generate && !given) ? null : given ? value : setting.Value,
            Encrypted = encrypted,
            Source = given || mark?.Own == true ? "tenant" : setting.Generate ? "generated" : "plan",
        });
    }

    private static async Task<IResult> PutAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, [Description("A setting, or features. and the name of a feature.")] string key,
        ClaimsPrincipal user, CommandDoor<SetConfig> door, TenantStore tenants, CancellationToken cancellationToken)
    {
        var answer = await TakeAsync<PutConfigRequest>(
            request, idOrSlug, user, door, tenants, body => new() { TenantId = default, ConfigKey = key, ConfigValue = body.Value, IsEncrypted = body.Encrypted }, PutPointer, cancellationToken);
        return answer is ProblemResult problem ? problem.WithPointers(PutPointer) : answer;
    }

    private static async Task<IResult> RemoveAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, [Description("A setting, or features. and the name of a feature.")] string key,
        ClaimsPrincipal user, CommandDoor<SetConfig> door, TenantStore tenants, CancellationToken cancellationToken)
    {
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        var answer = await door.TakeWithoutBodyAsync(
            request, user, idempotencyKey => new() { TenantId = tenant, ConfigKey = key, Remove = true, IdempotencyKey = idempotencyKey },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
        return answer is ProblemResult problem ? problem.WithPointers(PutPointer) : answer;
    }

    // What the body of PUT calls the fields of the command. The key is in the address.
    private static string PutPointer(string pointer) => pointer switch
    {
        "/configValue" => "/value",
        "/isEncrypted" => "/encrypted",
        "/configKey" => "/key",
        _ => pointer,
    };

    private static Task<IResult> PostAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, CommandDoor<SetConfig> door, TenantStore tenants,
        CancellationToken cancellationToken) =>
        TakeAsync<PostConfigRequest>(
            request, idOrSlug, user, door, tenants, body => new() { TenantId = default, ConfigKey = body.ConfigKey ?? "", ConfigValue = body.ConfigValue, IsEncrypted = body.IsEncrypted }, pointer => pointer, cancellationToken);

    private static async Task<IResult> TakeAsync<TBody>(
        HttpRequest request, string idOrSlug, ClaimsPrincipal user, CommandDoor<SetConfig> door, TenantStore tenants, Func<TBody, SetConfig> make, Func<string, string> rename,
        CancellationToken cancellationToken)
        where TBody : class
    {
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        return await door.TakeAsync(
            request, user,
            (body, key, out errors) => CommandReader.Read<TBody>(body, hasKey: false, out errors) is { } given ? make(given) with { TenantId = tenant, IdempotencyKey = key } : null,
            preview => TypedResults.Ok(CommandPlanView.Of(preview with
            {
                Rejection = preview.Rejection is { } refusal ? refusal with { Errors = [.. refusal.Errors.Select(e => e with { Pointer = rename(e.Pointer) })] } : null,
            })), cancellationToken);
    }
}
