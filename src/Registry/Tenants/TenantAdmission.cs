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

    public static NpgsqlBatchCommand Command(string name, Slug slug, string? region) =>
        CommandLedger.Statement("select admit_tenant($1, $2, $3)", name, slug.ToString(), region);

    /// <summary>The same for a tenant that wants a read replica, in addition.</summary>
    public static NpgsqlBatchCommand ReplicaCommand(string? region) => CommandLedger.Statement("select admit_replica($1)", region);
}
