namespace Saga.Tenancy.Cache;

/// <summary>The cache failed.</summary>
/// <param name="code">Stable and machine-readable, such as <c>redis-unavailable</c>.</param>
/// <param name="transient">Whether the same call may succeed later.</param>
public sealed class CacheException(string code, string message, bool transient, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The outside system.</summary>
    public string System => CacheOptions.RedisAdapter;

    public string Code { get; } = code;

    public bool IsTransient { get; } = transient;
}
