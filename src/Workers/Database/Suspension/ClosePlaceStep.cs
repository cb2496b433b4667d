using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Place;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>
/// Sets the mode that the tenant's holds ask for into its place now, instead of at the next look of <see cref="PlaceModes"/>. A direct
/// session meets it too.
/// </summary>
internal sealed class ClosePlaceStep(PlaceModes modes) : IStep
{
    public string Name => StepNames.ClosePlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await modes.WriteAsync(context.Tenant, cancellationToken);
        return null;
    }

    /// <summary>Never asked for: a suspension only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
