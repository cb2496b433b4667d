namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.VerifyRestored"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record RestoredOutput
{
    /// <summary>The schema of the restored tables.</summary>
    public required string Schema { get; init; }

    /// <summary>The rows of each table, as the backup has them.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>What of the rows was compared with the backup, in words.</summary>
    public string? Compared { get; init; }

    /// <summary>Whether a login of the tenant has read the rows through the policies. The version before did not try.</summary>
    public bool SignedIn { get; init; }

    /// <summary>The version of the product's schema in the backup.</summary>
    public int? FromVersion { get; init; }

    /// <summary>The version that it was brought to.</summary>
    public required int SchemaVersion { get; init; }
}
