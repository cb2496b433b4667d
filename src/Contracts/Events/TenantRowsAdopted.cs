using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// The rows of a product without tenants were copied and became a tenant's. The source is as it was. Published once per adoption, after
/// <see cref="TenantProvisioned"/>.
/// </summary>
public sealed record TenantRowsAdopted
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>The server that the rows were copied from.</summary>
    public required string Server { get; init; }

    public required string Database { get; init; }

    public required string Schema { get; init; }

    /// <summary>How many tables were copied.</summary>
    public required int Tables { get; init; }

    /// <summary>How many rows.</summary>
    public required long Rows { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
