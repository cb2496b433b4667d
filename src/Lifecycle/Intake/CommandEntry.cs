using System.Text.Json;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Schedule;

namespace Saga.Lifecycle.Intake;

/// <summary>One command that this version knows.</summary>
/// <param name="Kind">The kind of operation that it starts.</param>
/// <param name="Command">The type of the message.</param>
/// <param name="Queue">The queue that takes it.</param>
/// <param name="Workflows">The workflows that it may run, with the usual one first.</param>
public sealed record CommandEntry(string Kind, Type Command, string Queue, IReadOnlyList<WorkflowDefinition> Workflows)
{
    /// <summary>Whether it may be posted for a time; null when it may not.</summary>
    public CommandScheduling? Scheduling { get; init; }

    /// <summary>The field of a stored command whose value is in a box; null when there is none.</summary>
    public Func<JsonElement, string?> BoxedField { get; init; } = _ => null;

    /// <summary>Whether the same command may be given to many tenants as a batch.</summary>
    public bool ForMany { get; init; }

    /// <summary>Whether its operation removes what cannot be made again, or leads to that.</summary>
    public bool Removes { get; init; }
}
