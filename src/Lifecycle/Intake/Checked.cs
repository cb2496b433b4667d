using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Intake;

/// <summary>The result of validating a command.</summary>
/// <param name="Input">The checked command; null when a rule is broken.</param>
/// <param name="Errors">Every broken rule, in the order of the fields; empty when the command is valid.</param>
public sealed record Checked<TInput>(TInput? Input, IReadOnlyList<FieldError> Errors)
    where TInput : class
{
    /// <summary>Why a command whose fields are right is refused all the same; null when it is not.</summary>
    public OperationRejected? Rejection { get; init; }
}
