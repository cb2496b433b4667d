using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>Whether a tenant's rows may get another place.</summary>
internal static class MoveGuard
{
    /// <returns>The rejection; null when they may.</returns>
    public static OperationRejected? Check(ValidMigrate input, MigrateTarget target, Tenant tenant) => new()
    {
        Code = RejectionCodes.NotSupported,
        Detail = $"The rows of tenant '{tenant.Slug}' would have to move from isolation {TierName.Of(tenant.Tier)} on server {tenant.Placement?.Server} to {TierName.Of(target.Tier)} on {target.Server}. This version cannot move them.",
        Errors = [new(input.Server is null ? "/isolation" : "/server", "would move the tenant's rows")],
    };
}
