namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.Administrator"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record AdministratorOutput
{
    /// <summary>The user's id in the identity provider.</summary>
    public required string UserId { get; init; }

    /// <summary>Whether the user was created for the tenant; false for a user that existed before.</summary>
    public required bool MadeForTenant { get; init; }

    /// <summary>Whether the identity provider mailed the user the required actions, such as setting a password.</summary>
    public required bool Mailed { get; init; }
}
