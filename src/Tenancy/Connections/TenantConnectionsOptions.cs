using System.ComponentModel.DataAnnotations;

namespace Saga.Tenancy.Connections;

/// <summary>How many connections to tenants' databases this process keeps. Section <c>Saga:Connections</c>.</summary>
public sealed class TenantConnectionsOptions
{
    public const string Section = "Saga:Connections";
    public const int DefaultMaxPools = 200;
    public const int DefaultMaxPoolSize = 4;
    public const int DefaultIdleSeconds = 30;
    public const int DefaultRefreshSeconds = 60;
    public const int DefaultLockSeconds = 5;
    public const int DefaultStatementSeconds = 30;

    /// <summary>The most tenants with a pool at once; the least recently used pool is closed first.</summary>
    [Range(1, 100_000, ErrorMessage = "Saga:Connections:MaxPools must be 1 to 100000.")]
    public int MaxPools { get; set; } = DefaultMaxPools;

    /// <summary>The most connections of one tenant, unless the tenant has pool sizes of its own.</summary>
    [Range(1, 1000, ErrorMessage = "Saga:Connections:MaxPoolSize must be 1 to 1000.")]
    public int MaxPoolSize { get; set; } = DefaultMaxPoolSize;

    /// <summary>Seconds until an unused connection is closed.</summary>
    [Range(1, 86_400, ErrorMessage = "Saga:Connections:IdleSeconds must be 1 to 86400.")]
    public int IdleSeconds { get; set; } = DefaultIdleSeconds;

    /// <summary>
    /// Seconds after which a pool that is used looks whether the tenant has another place or login. A former login works for
    /// <c>Saga:Credentials:DrainSeconds</c> after a rotation, which must be longer.
    /// </summary>
    [Range(1, 3600, ErrorMessage = "Saga:Connections:RefreshSeconds must be 1 to 3600.")]
    public int RefreshSeconds { get; set; } = DefaultRefreshSeconds;

    /// <summary>Seconds that a statement waits for a lock, for example one that another tenant's own session holds; 0 for no limit.</summary>
    [Range(0, 86_400, ErrorMessage = "Saga:Connections:LockSeconds must be 0 to 86400.")]
    public int LockSeconds { get; set; } = DefaultLockSeconds;

    /// <summary>Seconds that a statement may run; 0 for no limit.</summary>
    [Range(0, 86_400, ErrorMessage = "Saga:Connections:StatementSeconds must be 0 to 86400.")]
    public int StatementSeconds { get; set; } = DefaultStatementSeconds;
}
