using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>The names of the external systems in failures and circuit breakers.</summary>
public static class SystemNames
{
    public const string Keycloak = "keycloak";
    public const string S3 = "s3";

    /// <summary>The second place of backups, whose outage must not defer what needs the first.</summary>
    public const string BackupCopy = "backup-copy";
    public const string Redis = "redis";
    public const string Smtp = "smtp";

    /// <summary>One name per host, so that an outage of one team's endpoint does not defer another's steps.</summary>
    public static string Http(string host) => $"http:{host}";

    /// <summary>One name per server, so that an outage of one server does not defer the tenants of another.</summary>
    public static string PostgreSql(string server) => $"postgresql:{server}";

    /// <summary>The tenant's database server, once it has one.</summary>
    public static IEnumerable<string> PostgreSql(Tenant tenant) => tenant.Placement is { } placement ? [PostgreSql(placement.Server)] : [];
}
