using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>
/// Refuses a plan that allows fewer users than the tenant has, unless the tenant's own limit allows them. Users are the rows of the product's table <c>users</c>; a product without it
/// has none that can be counted here. Storage and requests are not counted.
/// </summary>
internal sealed class CheckUsageStep(DatabaseServers servers, PlanStore plans) : IStep
{
    public string Name => StepNames.CheckUsage;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var given = context.Input<MigrateTenant>().TargetPlan;
        var name = given ?? context.Tenant.Plan;
        var plan = await (given is null ? plans.FindAsync(name, context.Tenant.PlanVersion, cancellationToken) : plans.FindAsync(name, cancellationToken)) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{name}' is not in the registry.", "Add the plan again, then replay the step.");
        var limits = plan.Limits.Of(context.Tenant);
        var users = await UsersAsync(context, cancellationToken);
        if (users > limits.Users)
        {
            throw StepFailureException.Permanent(
                "plan-too-small",
                string.Create(CultureInfo.InvariantCulture, $"Tenant '{context.Tenant.Slug}' has {users} users, and {(context.Tenant.MaxUsers is null ? $"plan '{plan.Name}' allows" : "its own maxUsers allows")} {limits.Users}."),
                "Remove users or choose a larger plan, then send the command again.");
        }

        return new { Users = users, Limits = limits };
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
                session, $"select count(*) from {Sql.Name(place.Schema)}.users where tenant_id = {Sql.Text(context.TenantId.ToString())}", cancellationToken)
            : null;
    }
}
