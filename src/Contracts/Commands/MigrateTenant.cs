using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Asks for another plan, another isolation tier or another server for a tenant. Send it to <see cref="Endpoints.MigrateCommands"/>; the
/// answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>. What is absent stays as it is.
/// </summary>
public sealed record MigrateTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The name of a plan in the registry; the tenant's own plan when absent.</summary>
    public string? TargetPlan { get; init; }

    /// <summary>
    /// The version of <see cref="TargetPlan"/>; the one that is current when the command is accepted when absent. The command is refused if
    /// another one is current.
    /// </summary>
    public int? TargetVersion { get; init; }

    /// <summary>row, schema or database. When absent, the tenant keeps its tier if the plan allows it, and otherwise gets the plan's default.</summary>
    public string? Isolation { get; init; }

    /// <summary>The database server to move to; the tenant's own server when absent.</summary>
    public string? Server { get; init; }

    /// <summary>The tenant's slug: confirms that it may start empty. Needed only for that.</summary>
    public string? Confirm { get; init; }

    public MigrationOptions? MigrationOptions { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
