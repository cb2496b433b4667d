namespace Saga.Registry.Tenants;

/// <summary>The fields of a tenant that an update may change, as the API names them. The names are stored, so they must not change.</summary>
public static class TenantField
{
    public const string Name = "name";
    public const string Description = "description";
    public const string AdminEmail = "adminEmail";
    public const string Phone = "phone";
    public const string Domain = "domain";
    public const string Subdomain = "subdomain";
    public const string Timezone = "timezone";
    public const string Region = "region";
    public const string Features = "features";
    public const string Settings = "settings";
    public const string Pool = "pool";
    public const string ReadReplica = "readReplica";
    public const string AutoUpdate = "autoUpdate";
    public const string MaintenanceWindow = "maintenanceWindow";
    public const string MaxUsers = "maxUsers";
    public const string MaxStorage = "maxStorage";

    /// <summary>How a field is set from the JSON object <c>v</c>.</summary>
    private static readonly Dictionary<string, string> Assignments = new(StringComparer.Ordinal)
    {
        [Name] = "name = v ->> 'name'",
        [Description] = "description = v ->> 'description'",
        [AdminEmail] = "admin_email = v ->> 'adminEmail'",
        [Phone] = "phone = v ->> 'phone'",
        // A domain that the tenant lost meanwhile does not come back.
        [Domain] = "domain = (select d.domain from tenant_domains d where d.tenant_id = t.id and d.domain = v ->> 'domain')",
        [Subdomain] = "subdomain = v ->> 'subdomain'",
        [Timezone] = "timezone = v ->> 'timezone'",
        [Region] = "region = v ->> 'region'",
        [Features] = "features = v -> 'features'",
        [Settings] = "settings = v -> 'settings'",
        [Pool] = "pool_minimum = (v #>> '{pool,minimum}')::int, pool_maximum = (v #>> '{pool,maximum}')::int",
        [ReadReplica] = "read_replica = (v ->> 'readReplica')::boolean",
        [AutoUpdate] = "auto_update = (v ->> 'autoUpdate')::boolean",
        [MaxUsers] = "max_users = (v ->> 'maxUsers')::int",
        [MaxStorage] = "max_storage_gib = (v ->> 'maxStorage')::bigint",
        [MaintenanceWindow] = "maintenance_window = nullif(v -> 'maintenanceWindow', 'null'::jsonb)",
    };

    internal static string Assign(IEnumerable<string> fields) => string.Join(", ", fields.Select(f => Assignments[f]));
}
