using Saga.Engine.Workflows;

namespace Saga.Registry.Operations;

/// <summary>A step as the workflow of its operation defines it.</summary>
/// <param name="Kind">The kind of the operation.</param>
/// <param name="CreatedAt">When the operation was accepted.</param>
/// <param name="Definition">The step.</param>
public sealed record PlannedStep(string Kind, DateTimeOffset CreatedAt, StepDefinition Definition);
