namespace Saga.Contracts.Batches;

/// <summary>Chooses tenants. All conditions must hold; null matches all. A deprovisioned tenant is never chosen.</summary>
public sealed record TenantSelector
{
    /// <summary>provisioning, active, suspended or failed; active when null.</summary>
    public string? Status { get; init; }

    public string? Plan { get; init; }

    /// <summary>row, schema or database.</summary>
    public string? Tier { get; init; }

    /// <summary>The name of the database server.</summary>
    public string? Server { get; init; }

    public string? Region { get; init; }
}
