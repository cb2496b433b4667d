namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.CompareSource"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record ComparedSourceOutput
{
    /// <summary>How many tables were copied.</summary>
    public required int Tables { get; init; }

    /// <summary>How many rows the tenant has in them.</summary>
    public required long Rows { get; init; }
}
