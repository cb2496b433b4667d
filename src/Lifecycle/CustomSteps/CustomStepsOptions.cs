using Saga.Contracts.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>Custom steps that the Api puts into the registry when it starts. Section <c>Saga:CustomSteps</c>.</summary>
public sealed class CustomStepsOptions
{
    public const string Section = "Saga:CustomSteps";

    /// <summary>The whole list. When it is empty, the registry's list stays as it is.</summary>
    public IList<CustomStep> Steps { get; } = [];
}
