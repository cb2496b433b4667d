namespace Saga.Contracts.Steps;

public sealed partial record ExecuteStep
{
    /// <summary>The next version's workers require it. The current version's orchestrators do not send it.</summary>
    public required string Region { get; init; } = "eu";
}
