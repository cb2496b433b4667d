using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Rotate;
using Saga.Lifecycle.Verify;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Connections;
using Saga.Tests.EndToEnd.Suspension;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>Rotations and verifications on a site, and a product service that uses the tenants' logins meanwhile.</summary>
internal sealed class RotationSite : IAsyncDisposable
{
    private readonly ICommandIntake<RotateCredentials> rotate;
    private readonly ICommandIntake<VerifyTenant> verify;
    private readonly ServiceProvider product;

    private RotationSite(SuspensionSite at)
    {
        At = at;
        rotate = Intakes.Of<RotateCredentials, ValidRotation, RotatePlan>(at.Site.Registry, new());
        verify = Intakes.Of<VerifyTenant, VerifyTenant, VerifyPlan>(at.Site.Registry, new());
        product = new ServiceCollection().AddLogging().AddTenantConnections(at.Site.Configuration()).AddTenantSettings(at.Site.Configuration()).BuildServiceProvider();
    }

    public SuspensionSite At { get; }

    public TenantConnections Connections => product.GetRequiredService<TenantConnections>();

    public TenantSettings Settings => product.GetRequiredService<TenantSettings>();

    public static async Task<RotationSite> StartAsync(StepFaults? faults = null, int drainSeconds = 2) => new(await SuspensionSite.StartAsync(faults, site =>
    {
        site.Settings["Saga:Credentials:DrainSeconds"] = drainSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        site.Settings["Saga:Connections:RefreshSeconds"] = "1";
    }));

    public async Task<Guid> RotateAsync(TenantId tenant, string? key = null) => Accepted(await rotate.SubmitAsync(Rotation(tenant, key), Caller.OfToken(Site.Caller), default));

    public static RotateCredentials Rotation(TenantId tenant, string? key) => new() { TenantId = tenant, What = ["database", "cache", "tenantKey"], IdempotencyKey = key };

    public async Task<Guid> VerifyAsync(TenantId tenant) => Accepted(await verify.SubmitAsync(new() { TenantId = tenant }, Caller.OfToken(Site.Caller), default));

    /// <summary>One request of a product service: reads and writes the tenant's rows, and opens a sealed setting.</summary>
    /// <returns>The login that it used.</returns>
    public async Task<string> RequestAsync(TenantId tenant)
    {
        await Settings.ReadAllAsync(tenant, default);
        await using var session = await Connections.OpenAsync(tenant, default);
        await using var command = new NpgsqlCommand(
            "insert into users (email, display_name) values (gen_random_uuid() || '@acme.com', 'A'); select session_user::text", session.Connection, session.Transaction);
        var login = (string)(await command.ExecuteScalarAsync())!;
        await session.CommitAsync(default);
        return login;
    }

    public async ValueTask DisposeAsync()
    {
        await product.DisposeAsync();
        await At.DisposeAsync();
    }

    private static Guid Accepted(IntakeOutcome outcome) => outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
}
