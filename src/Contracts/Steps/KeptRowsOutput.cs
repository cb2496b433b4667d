namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.FillKept"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record KeptRowsOutput
{
    /// <summary>How many tables were copied and compared.</summary>
    public required int Tables { get; init; }

    /// <summary>How many rows.</summary>
    public required long Rows { get; init; }
}
