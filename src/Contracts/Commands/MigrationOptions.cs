namespace Saga.Contracts.Commands;

/// <summary>How a tenant's data is moved. Without effect where no data moves.</summary>
public sealed record MigrationOptions
{
    /// <summary>Whether the rows are moved; true when absent. If false, the tenant starts empty, and <see cref="MigrateTenant.Confirm"/> must name it.</summary>
    public bool? PreserveData { get; init; }

    /// <summary>Whether the tenant may be read-only and unavailable meanwhile; false when absent.</summary>
    public bool? Downtime { get; init; }
}
