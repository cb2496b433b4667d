using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Intake;

namespace Saga.Registry.Tenants;

/// <summary>
/// The registry's gate for a new tenant, in the transaction that accepts it: what would otherwise fail after the acceptance fails there.
/// </summary>
public static class TenantAdmission
{
    /// <summary>The tenant's organisation could get none of its names.</summary>
    public const string NameHeld = "SG001";

    /// <summary>No database server has room for the tenant in addition to those that were accepted before.</summary>
    public const string NoRoom = "SG002";

    public static NpgsqlBatchCommand Command(string name, Slug slug, string? region) =>
        CommandLedger.Statement("select admit_tenant($1, $2, $3)", name, slug.ToString(), region);
}
