namespace Saga.Contracts.Deletion;

/// <summary>Something of a tenant that was removed, and whose absence was seen afterwards.</summary>
public sealed record RemovedResource
{
    /// <summary>What it was: <c>organization</c>, <c>database</c>, <c>schema</c>, <c>rows</c>, <c>objects</c>, <c>exports</c> or <c>cache</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>The system that had it, such as <c>postgresql:eu-1</c>, or <c>folder</c> for objects that are no S3 server's.</summary>
    public required string System { get; init; }

    /// <summary>Its name there.</summary>
    public required string Name { get; init; }

    /// <summary>Whether there was anything of it when the removal began.</summary>
    public required bool Existed { get; init; }

    /// <summary>How much was removed, by kind, such as <c>rows</c> and <c>roles</c>.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>When its absence was seen, by the clock of the process that looked.</summary>
    public required DateTimeOffset AbsentAt { get; init; }
}
