using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Workers.Database.Tiers;

/// <summary>The names of what a tenant has on a database server. They depend on the tenant's id alone, so nothing is lost or made twice.</summary>
internal sealed record TenantNames(string Login, string Owner)
{
    public static TenantNames Of(TenantId tenant) => new($"t_{tenant.Compact}", $"t_{tenant.Compact}_owner");
}

/// <summary>The schema that holds a tenant's rows, who owns it, and who is granted its rows.</summary>
internal sealed record TenantSchema(Placement Placement, string Owner, string User)
{
    public string Server => Placement.Server;

    public string Database => Placement.Database;

    public string Schema => Placement.Schema;

    public static TenantSchema Of(Tenant tenant, Placement placement)
    {
        var names = TenantNames.Of(tenant.Id);
        return tenant.Tier == IsolationTier.Row
            ? new TenantSchema(placement, SharedRoles.RowOwner, SharedRoles.RowUsers)
            : new TenantSchema(placement, names.Owner, names.Login);
    }
}

/// <summary>Roles that many tenants share. Nobody can sign in as one.</summary>
internal static class SharedRoles
{
    /// <summary>Owns the shared tables of the row tier.</summary>
    public const string RowOwner = "saga_rows_owner";

    /// <summary>Reads and writes the shared tables; the logins of row-tier tenants are members.</summary>
    public const string RowUsers = "saga_rows_users";

    /// <summary>Owns the tables of templates, and of a clone until it is handed over.</summary>
    public const string TemplateOwner = "saga_template_owner";

    /// <summary>May connect to one shared database; the logins of its tenants are members.</summary>
    public static string Users(string database) => $"{database}_users";
}
