using Saga.Contracts.Failures;

namespace Saga.Tenancy.Cache;

/// <summary>The cache failed.</summary>
/// <param name="code">Stable and machine-readable, such as <c>redis-unavailable</c>.</param>
/// <param name="kind">Whether the same call may succeed later, and how.</param>
public sealed class CacheException(string code, string message, FailureKind kind, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The external system.</summary>
    public string System => CacheOptions.RedisAdapter;

    public string Code { get; } = code;

    public FailureKind Kind { get; } = kind;

    public bool IsTransient => Kind != FailureKind.Permanent;
}
