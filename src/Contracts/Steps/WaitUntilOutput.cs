namespace Saga.Contracts.Steps;

/// <summary>The output of a step that decides until when a later step waits. The output may have further members.</summary>
public sealed record WaitUntilOutput
{
    public required DateTimeOffset Until { get; init; }
}
