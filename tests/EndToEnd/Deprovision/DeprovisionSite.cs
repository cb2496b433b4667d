using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tests.EndToEnd.Suspension;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Deprovision;

/// <summary>A site with tenants to deprovision.</summary>
internal sealed class DeprovisionSite : IAsyncDisposable
{
    private readonly SuspensionSite site;
    private readonly ICommandIntake<DeprovisionTenant> deprovision;
    private readonly ICommandIntake<CancelDeprovisioning> cancel;

    private DeprovisionSite(SuspensionSite site)
    {
        this.site = site;
        deprovision = Intakes.Of<DeprovisionTenant, ValidDeprovision, DeprovisionPlan>(
            Site.Registry, new(new TenantStore(Site.Registry), new PlanStore(Site.Registry), Options.Create(new NamesOptions())));
        cancel = Intakes.Of<CancelDeprovisioning, ValidCancelDeprovisioning, CancelDeprovisioningPlan>(Site.Registry, new());
    }

    public Site Site => site.Site;

    public static async Task<DeprovisionSite> StartAsync(StepFaults? faults = null) => new(await SuspensionSite.StartAsync(faults));

    public Task<IReadOnlyList<TenantId>> ActiveAsync(int count, params string[] plans) => site.ActiveAsync(count, plans);

    public Task EndAsync(Guid operation, OperationState expected) => site.EndAsync(operation, expected);

    public Task<T?> ScalarAsync<T>(string sql, object? parameters = null) => site.ScalarAsync<T>(sql, parameters);

    /// <summary>Without a grace period, or with one of a month.</summary>
    public async Task<Guid> DeprovisionAsync(TenantId tenant, bool grace, bool backup = false)
    {
        var slug = (await ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
        var command = new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = backup, GraceDays = grace ? 30 : 0, ConfirmNoGrace = slug };
        return Accepted(await deprovision.SubmitAsync(command, Caller.OfToken(Site.Caller), default));
    }

    public async Task<Guid> CancelAsync(TenantId tenant) => Accepted(await cancel.SubmitAsync(new() { TenantId = tenant }, Caller.OfToken(Site.Caller), default));

    /// <summary>Waits until the removal has come to rest.</summary>
    public async Task RemovedAsync(TenantId tenant, OperationState expected)
    {
        Guid? removal = null;
        await Until.TrueAsync(
            async () => (removal = await ScalarAsync<Guid?>("select id from operations where tenant_id = @Value and kind = 'remove'", new { tenant.Value })) is not null,
            $"the removal of {tenant} is submitted", TimeSpan.FromSeconds(90));
        await EndAsync(removal!.Value, expected);
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();

    private static Guid Accepted(IntakeOutcome outcome) => outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
}
