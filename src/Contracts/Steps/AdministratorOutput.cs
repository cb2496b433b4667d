namespace Saga.Contracts.Steps;

/// <summary>What <see cref="StepNames.Administrator"/> leaves for later steps. Stored with the operation and shown by the API.</summary>
public sealed record AdministratorOutput
{
    /// <summary>The user's id in the identity provider.</summary>
    public required string UserId { get; init; }

    /// <summary>Whether the user was made for the tenant; false for one that existed before.</summary>
    public required bool MadeForTenant { get; init; }

    /// <summary>Whether the identity provider mailed the user what is still required, such as a password.</summary>
    public required bool Mailed { get; init; }
}
