using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>Bars the tenant's own database login.</summary>
internal sealed class BarLoginStep(TenantLogin login) : IStep
{
    public string Name => StepNames.BarLogin;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => new { Role = await login.BarAsync(context, cancellationToken) };

    /// <summary>Never asked for: a suspension only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
