using System.Security.Cryptography;
using System.Text;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;

namespace Saga.Workers.Database.Tiers;

/// <summary>The schema with a tenant's rows, its owner, and the role with access to the rows. Names come from the placement, so repeated attempts use the same ones.</summary>
internal sealed record TenantSchema(TenantPlacement Placement, string Owner, string User)
{
    public string Server => Placement.Place.Server;

    public string Database => Placement.Place.Database;

    public string Schema => Placement.Place.Schema;

    /// <summary>The tenant's own login.</summary>
    public string Login => Placement.Login;

    public static TenantSchema Of(TenantPlacement placement) => placement.Tier == IsolationTier.Row
        ? new TenantSchema(placement, SharedRoles.RowOwner, SharedRoles.RowUsers)
        : new TenantSchema(placement, placement.Owner ?? throw new InvalidOperationException($"Placement {placement.Id} has no owner."), placement.Login);
}

/// <summary>Roles without login that many tenants share.</summary>
internal static class SharedRoles
{
    /// <summary>Owns the shared tables of the row tier.</summary>
    public const string RowOwner = "saga_rows_owner";

    /// <summary>Reads and writes the shared tables; the logins of row-tier tenants are members.</summary>
    public const string RowUsers = "saga_rows_users";

    /// <summary>Reads the shared tables; the logins with which row-tier tenants read replicas are members.</summary>
    public const string RowReaders = "saga_rows_readers";

    /// <summary>
    /// The runtime's shared role: its members may work for the tenant that they name in <c>app.tenant_id</c>. The schema <c>saga</c> names it.
    /// </summary>
    public const string RowRuntime = "saga_rows_runtime";

    /// <summary>Gives the shared role the rights that the row tier's logins have. Both roles must exist.</summary>
    public const string GrantRowRuntime =
        $"""
        do $do$ begin
            grant {RowUsers} to {RowRuntime};
        -- Another session has just done the same.
        exception when unique_violation then null;
        end $do$;
        """;

    /// <summary>Owns the tables of templates, and of a copy until it is handed over.</summary>
    public const string TemplateOwner = "saga_template_owner";

    /// <summary>
    /// May connect to one shared database; the logins of its tenants are members. A database that was adopted may have any name, so a hash
    /// stands for it.
    /// </summary>
    public static string Users(string database) => IsAdopted(database)
        ? $"saga_adopted_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(database)))[..16]}_users"
        : $"{database}_users";

    /// <summary>Whether tenants' schemas in the database were adopted. The platform's own shared databases have names of their own.</summary>
    public static bool IsAdopted(string database) =>
        database != PlacementStore.RowDatabase && !database.StartsWith(PlacementStore.SchemaDatabasePrefix, StringComparison.Ordinal);
}
