namespace Saga.Contracts.Commands;

/// <summary>The command was refused and nothing was written.</summary>
public sealed record OperationRejected
{
    /// <summary>A stable, machine-readable reason, such as <c>slug-taken</c>: the last part of the problem type's URI.</summary>
    public required string Code { get; init; }

    public required string Detail { get; init; }

    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>The operation that blocks the command, for <c>operation-active</c>.</summary>
    public Guid? OperationId { get; init; }
}

/// <summary>An error in one field, and the rule that it breaks.</summary>
/// <param name="Pointer">A JSON pointer (RFC 6901), such as <c>/adminEmail</c>.</param>
/// <param name="Detail">The rule that is broken.</param>
public sealed record FieldError(string Pointer, string Detail)
{
    private const int LongestName = 100;

    /// <summary>The pointer to a member whose name the sender chose, which is therefore bounded.</summary>
    public static string PointerTo(string parent, string member) =>
        $"{parent}/{(member.Length > LongestName ? member[..LongestName] : member).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
}
