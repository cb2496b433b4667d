using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>Lets the tenant's own database login sign in again. Undone, it is barred again.</summary>
internal sealed class AdmitLoginStep(TenantLogin login) : IStep
{
    public string Name => StepNames.AdmitLogin;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => new { Role = await login.AdmitAsync(context, cancellationToken) };

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => login.BarAsync(context, cancellationToken);
}
