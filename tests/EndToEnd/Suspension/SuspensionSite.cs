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

/// <summary>A site with tenants to suspend and reactivate, and one process.</summary>
internal sealed class SuspensionSite : IAsyncDisposable
{
    private readonly ICommandIntake<SuspendTenant> suspend;
    private readonly ICommandIntake<ReactivateTenant> reactivate;
    private readonly IHost host;

    private SuspensionSite(Site site, IHost host)
    {
        (Site, this.host) = (site, host);
        suspend = Intakes.Of<SuspendTenant, ValidSuspension, SuspendPlan>(site.Registry, new());
        reactivate = Intakes.Of<ReactivateTenant, ValidReactivation, ReactivatePlan>(site.Registry, new());
    }

    public Site Site { get; }

    public static async Task<SuspensionSite> StartAsync(StepFaults? faults = null, Action<Site>? configure = null)
    {
        var site = await (await World.SharedAsync()).NewSiteAsync();
        configure?.Invoke(site);
        return new(site, await ProvisioningHost.StartAsync(site.Configuration(), faults));
    }

    /// <summary>Tenants that are active, each of one of the plans in turn.</summary>
    public async Task<IReadOnlyList<TenantId>> ActiveAsync(int count, params string[] plans)
    {
        var accepted = await Task.WhenAll(Enumerable.Range(0, count).Select(i => Site.SubmitAsync(Site.NewCommand(plans[i % plans.Length]))));
        foreach (var one in accepted)
            await EndAsync(one.OperationId, OperationState.Completed);
        return [.. accepted.Select(a => a.TenantId!.Value)];
    }

    public async Task<Guid> SuspendAsync(TenantId tenant, string code = "abuse") =>
        Accepted(await suspend.SubmitAsync(new() { TenantId = tenant, Reason = "It mines coins.", Code = code }, Caller.OfToken(Site.Caller), default));

    public async Task<Guid> ReactivateAsync(TenantId tenant) => Accepted(await reactivate.SubmitAsync(new() { TenantId = tenant }, Caller.OfToken(Site.Caller), default));

    public async Task EndAsync(Guid operation, OperationState expected) =>
        (await Site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(expected, await Site.StoryAsync(operation));

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async ValueTask DisposeAsync() => await ProvisioningHost.EndAsync(host);

    private static Guid Accepted(IntakeOutcome outcome) => outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
}
