using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Replay;

namespace Saga.Lifecycle.Intake;

/// <summary>The commands that this version knows, and the workflows that they run.</summary>
public sealed class CommandCatalogue
{
    /// <exception cref="InvalidOperationException">Two commands share a kind or a queue, or a workflow is invalid or of another kind.</exception>
    public CommandCatalogue(IEnumerable<CommandEntry> entries)
    {
        Entries = [.. entries];
        foreach (var entry in Entries)
        {
            if (Entries.Any(e => e != entry && (e.Kind == entry.Kind || e.Queue == entry.Queue)))
                throw new InvalidOperationException($"Command {entry.Command.Name} shares its kind '{entry.Kind}' or its queue '{entry.Queue}' with another command.");
            foreach (var workflow in entry.Workflows)
            {
                if (workflow.Validated().Kind != entry.Kind)
                    throw new InvalidOperationException($"Command {entry.Command.Name} starts operations of kind '{entry.Kind}', but lists a workflow of kind '{workflow.Kind}'.");
            }
        }
    }

    public IReadOnlyList<CommandEntry> Entries { get; }

    /// <summary>The command of this kind; null when this version does not know it.</summary>
    public CommandEntry? Find(string kind) => Entries.FirstOrDefault(e => e.Kind == kind);

    /// <summary>The type of a scheduled command of this kind: also of orders for operations, which start none of their own. Null when this version does not know it.</summary>
    public Type? FindScheduled(string kind) => kind == ReplayIntake.Kind ? typeof(ReplayOperation) : Find(kind)?.Command;

    /// <summary>Whether operations of this kind remove what cannot be made again, or lead to that. Those of a kind that this version does not know may.</summary>
    public bool Removes(string kind) => Find(kind)?.Removes ?? true;

    /// <summary>The commands that were added to the services so far.</summary>
    public static CommandCatalogue Of(IServiceCollection services) => new(services.Select(s => s.IsKeyedService ? null : s.ImplementationInstance).OfType<CommandEntry>());
}
