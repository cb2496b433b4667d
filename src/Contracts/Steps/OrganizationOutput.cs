namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.Identity"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record OrganizationOutput
{
    /// <summary>The organisation's id in the identity provider.</summary>
    public required string OrganizationId { get; init; }

    public required string Alias { get; init; }
}
