using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>Whether a tenant's rows may get another place.</summary>
internal static class MoveGuard
{
    /// <returns>The rejection; null when they may.</returns>
    public static OperationRejected? Check(ValidMigrate input, MigrateTarget target, Tenant tenant)
    {
        if (!input.Downtime)
        {
            return new()
            {
                Code = RejectionCodes.NotSupported,
                Detail = $"The rows of tenant '{tenant.Slug}' would move from isolation {TierName.Of(tenant.Tier)} on server {tenant.Placement?.Server} to {TierName.Of(target.Tier)} on {target.Server}. This version moves rows only with downtime: set migrationOptions.downtime to true.",
                Errors = [new("/migrationOptions/downtime", "must be true, because the tenant's rows would move")],
            };
        }

        if (!input.PreserveData && input.Confirm != tenant.Slug.ToString())
            return MigrateGuard.Invalid("/confirm", $"must be '{tenant.Slug}', because the tenant would start empty");
        // In shared tables, rows of two placements of one tenant could not be told apart.
        if (target.Tier == IsolationTier.Row && input.Kept.FirstOrDefault(k => k.Placement.Tier == IsolationTier.Row && k.Placement.Place.Server == target.Server) is { } kept)
        {
            return new()
            {
                Code = RejectionCodes.TenantState,
                Detail = string.Create(CultureInfo.InvariantCulture,
                    $"A former copy of the rows of tenant '{tenant.Slug}' is kept in the shared tables of server '{target.Server}' until {kept.Until:u}. Revert the move that left it, name another server, or move the tenant when the copy is removed."),
            };
        }

        var server = input.Servers.FirstOrDefault(s => s.Name == target.Server);
        if (server is null)
            return MigrateGuard.Invalid("/server", "is required, because the tenant's own server is not known any more");
        if (tenant.Region is { } region && server.Region != region)
            return MigrateGuard.Invalid("/server", $"must be in the tenant's region '{region}'; '{server.Name}' is in '{server.Region}'");
        if (!server.Accepting)
            return new() { Code = RejectionCodes.NoServer, Detail = $"Database server '{server.Name}' takes no further placements.", Errors = [new("/server", "takes no further placements")] };
        if (tenant.ReadReplica && server is { HasReplica: false } && server.Name != tenant.Placement?.Server)
        {
            return new()
            {
                Code = RejectionCodes.NoReplica,
                Detail = $"Tenant '{tenant.Slug}' has a read replica, and database server '{server.Name}' has none. Name another server, or turn the tenant's read replica off first.",
                Errors = [new("/server", "has no read replica")],
            };
        }

        return server.Used < server.Maximum ? null : new()
        {
            Code = RejectionCodes.ServerFull,
            Detail = string.Create(CultureInfo.InvariantCulture, $"Database server '{server.Name}' is full: it holds {server.Used} of {server.Maximum} placements, and a move needs one more until the former copy is removed."),
            Errors = [new("/server", "is full")],
        };
    }
}
