using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Intake;

/// <summary>A command held to its rules.</summary>
/// <param name="Input">The checked command; null when a rule is broken.</param>
/// <param name="Errors">Every broken rule, in the order of the fields; empty when none is.</param>
public sealed record Checked<TInput>(TInput? Input, IReadOnlyList<FieldError> Errors)
    where TInput : class;
