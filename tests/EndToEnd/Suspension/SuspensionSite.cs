using Dapper;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.Suspend;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Suspension;

/// <summary>A site with tenants to suspend and reactivate, and a process that may be replaced.</summary>
internal sealed class SuspensionSite : IAsyncDisposable
{
    private readonly ICommandIntake<SuspendTenant> suspend;
    private readonly ICommandIntake<ReactivateTenant> reactivate;
    private IHost? host;

    private SuspensionSite(Site site)
    {
        Site = site;
        suspend = Intakes.Of<SuspendTenant, ValidSuspension, SuspendPlan>(site.Registry, new());
        reactivate = Intakes.Of<ReactivateTenant, ValidReactivation, ReactivatePlan>(site.Registry, new());
    }

    public Site Site { get; }

    public static async Task<SuspensionSite> StartAsync(StepFaults? faults = null, Action<Site>? configure = null)
    {
        var site = new SuspensionSite(await (await World.SharedAsync()).NewSiteAsync());
        configure?.Invoke(site.Site);
        await site.RunAsync(faults);
        return site;
    }

    /// <summary>Starts a process.</summary>
    public async Task RunAsync(StepFaults? faults = null) => host = await ProvisioningHost.StartAsync(Site.Configuration(), faults);

    /// <summary>Ends the process in order.</summary>
    public async Task StopAsync()
    {
        if (host is not null)
            await ProvisioningHost.EndAsync(host);
        host = null;
    }

    /// <summary>Tenants that are active, each of one of the plans in turn.</summary>
    public async Task<IReadOnlyList<TenantId>> ActiveAsync(int count, params string[] plans)
    {
        var accepted = await Task.WhenAll(Enumerable.Range(0, count).Select(i => Site.SubmitAsync(Site.NewCommand(plans[i % plans.Length]))));
        foreach (var one in accepted)
            await EndAsync(one.OperationId, OperationState.Completed);
        return [.. accepted.Select(a => a.TenantId!.Value)];
    }

    public async Task<Guid> SuspendAsync(TenantId tenant, string code = "abuse", string? key = null) =>
        Accepted(await suspend.SubmitAsync(Suspension(tenant, code, key), Caller.OfToken(Site.Caller), default));

    public async Task<Guid> ReactivateAsync(TenantId tenant, string? key = null) =>
        Accepted(await reactivate.SubmitAsync(Reactivation(tenant, key), Caller.OfToken(Site.Caller), default));

    public static SuspendTenant Suspension(TenantId tenant, string code, string? key) => new() { TenantId = tenant, Reason = "It mines coins.", Code = code, IdempotencyKey = key };

    public static ReactivateTenant Reactivation(TenantId tenant, string? key) => new() { TenantId = tenant, IdempotencyKey = key };

    public async Task EndAsync(Guid operation, OperationState expected) =>
        (await Site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(expected, await Site.StoryAsync(operation));

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static Guid Accepted(IntakeOutcome outcome) => outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
}
