namespace Saga.Contracts.Steps;

public sealed partial record ExecuteStep
{
    /// <summary>Tomorrow's workers require it. Today's orchestrators do not send it.</summary>
    public required string Region { get; init; } = "eu";
}
