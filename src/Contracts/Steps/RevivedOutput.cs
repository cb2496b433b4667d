namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.Revive"/>. Stored with the operation and shown by the API.</summary>
public sealed record RevivedOutput
{
    /// <summary>The settings that were sealed under the destroyed key and are lost. Those that the plan generates get new values.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>The domains that the tenant had. They must be claimed and proved again.</summary>
    public required IReadOnlyList<string> Domains { get; init; }
}
