using System.Text.Json;

namespace Saga.Contracts.Commands;

/// <summary>
/// Asks that an existing database or schema of the product becomes a tenant, with the rows that it has, or that the rows of a product without
/// tenants are copied into the tables that tenants share. Send it to
/// <see cref="Endpoints.Adoptions"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// Texts are validated on receipt, by the same rules as <c>POST /api/v1/tenants/adopt</c>.
/// </summary>
public sealed record AdoptTenant
{
    /// <summary>1 to 200 characters.</summary>
    public required string Name { get; init; }

    public required string Slug { get; init; }

    /// <summary>basic, premium, enterprise or custom, or another plan of the registry.</summary>
    public required string Plan { get; init; }

    public required string AdminEmail { get; init; }

    /// <summary>A DNS name the tenant owns, such as <c>acme.com</c>; unique among live tenants.</summary>
    public string? Domain { get; init; }

    /// <summary>One DNS label below the product's domain; defaults to the slug; unique among live tenants.</summary>
    public string? Subdomain { get; init; }

    /// <summary>The server with the database, as <c>GET /api/v1/servers</c> lists it.</summary>
    public required string Server { get; init; }

    /// <summary>The database that exists.</summary>
    public required string Database { get; init; }

    /// <summary>The schema with the product's tables. When absent, it is <c>product</c>, and the database becomes the tenant's own.</summary>
    public string? Schema { get; init; }

    /// <summary>
    /// schema or database, for a place that becomes the tenant's; schema when a schema is given, otherwise database. row for tables without
    /// <c>tenant_id</c>, which are copied into the shared ones. Must be one that the plan allows.
    /// </summary>
    public string? Isolation { get; init; }

    /// <summary>The tenant's id: the value of <c>tenant_id</c> in its rows. A new one when absent, which only fits tables without rows of tenants.</summary>
    public string? TenantId { get; init; }

    /// <summary>Users of the identity provider that become members of the tenant's organisation; nobody but the administrator when absent.</summary>
    public AdoptedUsers? Users { get; init; }

    /// <summary>The region of the server; it may be left out. With the isolation row, where the data must live; any region when absent.</summary>
    public string? Region { get; init; }

    /// <summary>Feature switches that override the plan's defaults.</summary>
    public IReadOnlyDictionary<string, bool>? Features { get; init; }

    /// <summary>Settings that override the plan's defaults.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Settings { get; init; }

    /// <summary>The tenant's own limit of users; the plan's when absent.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>The tenant's own limit of storage in GiB; the plan's when absent.</summary>
    public long? MaxStorage { get; init; }

    /// <summary>An IANA time zone, such as <c>Europe/Berlin</c>; UTC when absent.</summary>
    public string? Timezone { get; init; }

    /// <summary>1 to 255 characters on one line.</summary>
    public string? Description { get; init; }

    /// <summary>In the form of E.164, such as <c>+493012345678</c>.</summary>
    public string? Phone { get; init; }

    /// <summary>The sizes of the connection pools of the processes that serve the tenant; each process's own sizes when absent.</summary>
    public PoolSizes? Pool { get; init; }

    /// <summary>Whether the tenant wants a read replica; false when absent.</summary>
    public bool? ReadReplica { get; init; }

    /// <summary>Whether the tenant gets new versions of the product without being asked; true when absent.</summary>
    public bool? AutoUpdate { get; init; }

    /// <summary>When the tenant may be disturbed; at any time when absent.</summary>
    public MaintenanceWindow? MaintenanceWindow { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
