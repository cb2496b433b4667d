using System.Globalization;
using Saga.Contracts.Steps;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>
/// Refuses a plan that allows fewer users than the tenant has, unless the tenant's own limit allows them. Users are the rows of the product's table <c>users</c>; a product without it
/// has none that can be counted here. If the plan lowers the limit of storage, it also measures the tenant's rows; <see cref="StepNames.CheckStorage"/> compares them, together with the objects.
/// </summary>
internal sealed class CheckUsageStep(DatabaseServers servers, PlanStore plans, PlaceSize size) : IStep
{
    public string Name => StepNames.CheckUsage;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await TargetPlan.FindAsync(plans, context, cancellationToken);
        var limits = plan.Limits.Of(context.Tenant);
        var users = await UsersAsync(context, cancellationToken);
        if (users > limits.Users)
        {
            throw StepFailureException.Permanent(
                "plan-too-small",
                string.Create(CultureInfo.InvariantCulture, $"Tenant '{context.Tenant.Slug}' has {users} users, and {(context.Tenant.MaxUsers is null ? $"plan '{plan.Name}' allows" : "its own maxUsers allows")} {limits.Users}."),
                "Remove users or choose a larger plan, then send the command again.");
        }

        var lowered = await TargetPlan.LoweredStorageAsync(plans, context, plan, cancellationToken) is not null;
        return new MeasuredUsage { Users = users, DatabaseBytes = lowered ? await size.MeasureAsync(context.Tenant, cancellationToken) : null, Limits = limits };
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    // Null when they cannot be counted.
    private async Task<long?> UsersAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = DatabaseStep.PlacementOf(context.Tenant).Place;
        await using var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken);
        var exists = await session.ScalarAsync<bool>(
            "select exists (select from pg_attribute where attrelid = to_regclass(@users) and attname = 'tenant_id' and not attisdropped)",
            cancellationToken, new { users = $"{Sql.Name(place.Schema)}.users" });
        return exists
            ? await Mover.ScalarAsync<long?>(
                session, $"select count(*) from {Sql.Name(place.Schema)}.users where tenant_id = {Sql.Text(context.TenantId.ToString())}", cancellationToken, isLong: true)
            : null;
    }
}
