namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.MigrateAdopted"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record AdoptedOutput
{
    /// <summary>The version of the product's schema that was found.</summary>
    public required int Found { get; init; }

    /// <summary>The version after the missing migrations.</summary>
    public required int Version { get; init; }
}
