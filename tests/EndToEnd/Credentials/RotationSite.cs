using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Rotate;
using Saga.Lifecycle.Verify;
using Saga.Tests.EndToEnd.Suspension;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>Rotations and verifications on a site, and a product service that uses the tenants' logins meanwhile.</summary>
internal sealed class RotationSite : IAsyncDisposable
{
    private readonly ICommandIntake<RotateCredentials> rotate;
    private readonly ICommandIntake<VerifyTenant> verify;
    private readonly ProductService product;

    private RotationSite(SuspensionSite at)
    {
        At = at;
        rotate = Intakes.Of<RotateCredentials, ValidRotation, RotatePlan>(at.Site.Registry, new());
        verify = Intakes.Of<VerifyTenant, VerifyTenant, VerifyPlan>(at.Site.Registry, new());
        product = new ProductService(at.Site.Configuration());
    }

    public SuspensionSite At { get; }

    public static async Task<RotationSite> StartAsync() => new(await SuspensionSite.StartAsync(configure: site =>
    {
        site.Settings["Saga:Credentials:DrainSeconds"] = "2";
        site.Settings["Saga:Connections:RefreshSeconds"] = "1";
    }));

    public async Task<Guid> RotateAsync(TenantId tenant) =>
        Accepted(await rotate.SubmitAsync(new() { TenantId = tenant, What = ["database", "cache", "tenantKey"] }, Caller.OfToken(Site.Caller), default));

    public async Task<Guid> VerifyAsync(TenantId tenant) => Accepted(await verify.SubmitAsync(new() { TenantId = tenant }, Caller.OfToken(Site.Caller), default));

    /// <inheritdoc cref="ProductService.RequestAsync"/>
    public Task<string> RequestAsync(TenantId tenant) => product.RequestAsync(tenant);

    public async ValueTask DisposeAsync()
    {
        await product.DisposeAsync();
        await At.DisposeAsync();
    }

    private static Guid Accepted(IntakeOutcome outcome) => outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
}
