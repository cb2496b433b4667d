using Saga.Contracts.Failures;

namespace Saga.Tenancy.Objects;

/// <summary>The object store failed.</summary>
/// <param name="system">The external system: <c>s3</c>, or <c>folder</c>.</param>
/// <param name="code">Stable and machine-readable, such as <c>s3-unavailable</c>.</param>
/// <param name="kind">Whether the same call may succeed later, and how.</param>
public sealed class ObjectStoreException(string system, string code, string message, FailureKind kind, Exception? cause = null)
    : Exception(message, cause)
{
    public string System { get; } = system;

    public string Code { get; } = code;

    public FailureKind Kind { get; } = kind;

    public bool IsTransient => Kind != FailureKind.Permanent;
}
