namespace Saga.Tenancy.Objects;

/// <summary>The object store failed.</summary>
/// <param name="system">The outside system: <c>s3</c>, or <c>folder</c>.</param>
/// <param name="code">Stable and machine-readable, such as <c>s3-unavailable</c>.</param>
/// <param name="transient">Whether the same call may succeed later.</param>
public sealed class ObjectStoreException(string system, string code, string message, bool transient, Exception? cause = null)
    : Exception(message, cause)
{
    public string System { get; } = system;

    public string Code { get; } = code;

    public bool IsTransient { get; } = transient;
}
