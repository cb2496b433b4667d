using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Adopt;

/// <summary>The rules for <see cref="AdoptTenant"/>. Pure: what is in the database is looked at by the first steps.</summary>
public static class AdoptValidation
{
    // The databases that PostgreSQL, the platform's shared tiers, its templates, its warm pool, its checks and its restores have.
    private static readonly string[] Others = ["postgres", "template0", "template1", PlacementStore.RowDatabase, "saga_blank"];
    private static readonly string[] Prefixes = [PlacementStore.SchemaDatabasePrefix, "saga_template_", "saga_spare_", "saga_check_", "restored_"];

    // Schemas that are never a product's.
    private static readonly string[] OtherSchemas = ["saga", "information_schema"];

    /// <param name="command">The command as received; required strings may be null in a message.</param>
    /// <param name="plan">The named plan; null when it does not exist.</param>
    /// <param name="reserved">Names that no tenant may have.</param>
    /// <param name="servers">The database servers.</param>
    /// <param name="errors">Every broken rule; empty when the result is not null.</param>
    public static ValidAdoption? Validate(AdoptTenant command, Plan? plan, ReservedNames reserved, IReadOnlyList<PlacementServer> servers, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        var isolation = command.Isolation ?? (command.Schema is null ? "database" : "schema");
        var tenant = ProvisionValidation.Validate(Provisioning(command, isolation), plan, reserved, out var broken);
        found.AddRange(broken);
        if (command.Schema is null && isolation == "schema")
            found.Add(new("/schema", "is required for a tenant with the isolation schema: the schema with the product's tables"));
        if (command.ReadReplica == true)
            found.Add(new("/readReplica", "must be false or absent; update the tenant when it is adopted"));
        var server = ServerOf(command, isolation == "row", servers, found);
        if (IsName(command.Database, "/database", "database", found) && IsOther(command.Database))
            found.Add(new("/database", $"must be a database of the product; '{command.Database}' is the server's or the platform's own"));
        if (command.Schema is { } schema && IsName(schema, "/schema", "schema", found) && (OtherSchemas.Contains(schema, StringComparer.Ordinal) || schema.StartsWith("pg_", StringComparison.Ordinal)))
            found.Add(new("/schema", $"must be the schema with the product's tables; '{schema}' is not one"));
        var id = IdOf(command.TenantId, found);
        var users = AdoptedUsersRule.Check(command.Users, tenant?.AdminEmail, command.MaxUsers, plan, found);

        errors = found;
        return found.Count > 0 ? null : new(tenant!, new(server!.Name, command.Database, command.Schema ?? PlacementStore.ProductSchema), id, users);
    }

    private static PlacementServer? ServerOf(AdoptTenant command, bool isCopy, IReadOnlyList<PlacementServer> servers, List<FieldError> errors)
    {
        var server = servers.FirstOrDefault(s => s.Name == command.Server);
        if (server is null)
        {
            errors.Add(new("/server", servers.Count == 0 ? "no database server is registered; configure one under Saga:Databases:Servers"
                : $"must be one of {string.Join(", ", servers.Select(s => s.Name))}"));
        }
        else if (!isCopy && command.Region is { } region && region != server.Region)
        {
            errors.Add(new("/region", $"must be '{server.Region}', where server '{server.Name}' is, or be left out"));
        }

        return server;
    }

    private static bool IsName(string? text, string pointer, string what, List<FieldError> errors)
    {
        if (text is { Length: > 0 } && !text.Any(char.IsControl) && System.Text.Encoding.UTF8.GetByteCount(text) <= 63 && !text.Contains('\uFFFD', StringComparison.Ordinal))
            return true;
        errors.Add(new(pointer, $"must be the name of an existing {what}: 1 to 63 bytes of UTF-8, without control characters"));
        return false;
    }

    private static bool IsOther(string database) =>
        Others.Contains(database, StringComparer.Ordinal) || Prefixes.Any(p => database.StartsWith(p, StringComparison.Ordinal));

    private static TenantId? IdOf(string? text, List<FieldError> errors)
    {
        if (text is null)
            return null;
        if (Contracts.Identifiers.TenantId.TryParse(text, out var id) && id.Value != Guid.Empty)
            return id;
        errors.Add(new("/tenantId", "must be a UUID, the value of tenant_id in the rows"));
        return null;
    }

    private static ProvisionTenant Provisioning(AdoptTenant command, string isolation) => new()
    {
        Name = command.Name,
        Slug = command.Slug,
        Plan = command.Plan,
        AdminEmail = command.AdminEmail,
        Domain = command.Domain,
        Subdomain = command.Subdomain,
        Isolation = isolation,
        Region = command.Region,
        Features = command.Features,
        Settings = command.Settings,
        MaxUsers = command.MaxUsers,
        MaxStorage = command.MaxStorage,
        Timezone = command.Timezone,
        Description = command.Description,
        Phone = command.Phone,
        Pool = command.Pool,
        ReadReplica = command.ReadReplica,
        AutoUpdate = command.AutoUpdate,
        MaintenanceWindow = command.MaintenanceWindow,
    };
}
