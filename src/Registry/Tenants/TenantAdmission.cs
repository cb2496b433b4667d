using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Intake;

namespace Saga.Registry.Tenants;

/// <summary>
/// Checks a new tenant in the transaction that accepts it, so that what would fail later fails before the tenant is accepted.
/// </summary>
public static class TenantAdmission
{
    /// <summary>None of the names that the tenant's organisation could have is free.</summary>
    public const string NameHeld = "SG001";

    /// <summary>No database server has room for the tenant in addition to those that were accepted before.</summary>
    public const string NoRoom = "SG002";

    /// <summary>The place of an adoption is in use, its server takes no more, or its tenant's id is another tenant's.</summary>
    public const string NotAdoptable = "SG003";

    public static NpgsqlBatchCommand Command(string name, Slug slug, string? region) =>
        CommandLedger.Statement("select admit_tenant($1, $2, $3)", name, slug.ToString(), region);

    /// <summary>The same for a tenant that wants a read replica, in addition.</summary>
    public static NpgsqlBatchCommand ReplicaCommand(string? region) => CommandLedger.Statement("select admit_replica($1)", region);

    /// <summary>Checks the names of a deprovisioned tenant that comes back: 23505 when another tenant has one of them, or <see cref="NameHeld"/>.</summary>
    public static NpgsqlBatchCommand RevivedNamesCommand(TenantId tenant) => CommandLedger.Statement("select admit_revived_names($1)", tenant.Value);

    /// <summary>Checks an adopted tenant and its place. A failed tenant of this id begins anew: an adoption that was undone may be tried again.</summary>
    /// <param name="id">The tenant's id.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="place">What it adopts.</param>
    /// <param name="now">When it is accepted.</param>
    public static NpgsqlBatchCommand AdoptCommand(TenantId id, NewTenant tenant, Placement place, DateTimeOffset now) => CommandLedger.Statement(
        "select admit_adoption($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.Value, tenant.Slug.ToString(), tenant.Plan, tenant.PlanVersion, tenant.Subdomain, tenant.Tier.ToString().ToLowerInvariant(),
        place.Server, place.Database, place.Schema, now);
}
