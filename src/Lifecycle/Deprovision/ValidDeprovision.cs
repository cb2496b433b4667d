using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Deprovision;

/// <summary>A valid command, with its defaults filled in.</summary>
public sealed record ValidDeprovision
{
    public required TenantId TenantId { get; init; }

    public required string? Confirm { get; init; }

    public required bool Backup { get; init; }

    /// <summary>The grace period: the command's, or the plan's.</summary>
    public required int GraceDays { get; init; }

    public required string? ConfirmNoGrace { get; init; }

    /// <summary>The tenant as it was when the command was checked, for previews; null when there is none. Whether the command is allowed is decided with its locked row.</summary>
    public Tenant? Found { get; init; }
}
