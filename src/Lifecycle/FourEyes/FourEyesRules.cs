using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Replay;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Schedule;

namespace Saga.Lifecycle.FourEyes;

/// <summary>That a command needs a second person's approval.</summary>
/// <param name="NotAfter">After this there is nothing left to approve; null when that does not end by itself.</param>
public sealed record FourEyesNeed(DateTimeOffset? NotAfter = null);

/// <summary>
/// Which commands a second person must approve. Such a command is accepted only as a scheduled command that somebody approved, whichever door
/// it comes through. Thread-safe.
/// </summary>
public sealed class FourEyesRules(IOptions<FourEyesOptions> options, CommandCatalogue catalogue, BatchStore batches)
{
    /// <summary>For people who try such a command.</summary>
    public const string Words = "A second person must approve the command before it runs. Until then it waits as a scheduled command, and nothing happens.";

    /// <summary>Names orders that end an operation on somebody's word.</summary>
    public const string ForceComplete = "forceComplete";

    private readonly FourEyesOptions options = options.Value;

    /// <summary>How long a command waits for its approval.</summary>
    public TimeSpan Patience => TimeSpan.FromHours(options.ApproveWithinHours);

    /// <summary>Whether every command of the kind needs an approval.</summary>
    public bool Names(string kind) => options.Commands.Contains(kind);

    /// <summary>Whether the batch needs an approval before it runs: for its size, or for the commands in it.</summary>
    public bool Names(Batch batch) => batch.Counts.Values.Sum() > options.BulkOver || (batch.Action is { } action && Names(action)) || (batch.Kind == BatchKind.Upgrades && Names(UpgradeWorkflow.Kind));

    /// <returns>Null when the command needs no approval.</returns>
    public async ValueTask<FourEyesNeed?> NeedAsync(object command, CancellationToken cancellationToken)
    {
        if (options.BulkOver is null && options.Commands.Count == 0)
            return null;
        if (command is RunBatch { BatchId: var id })
            return await batches.FindAsync(id, cancellationToken) is { } batch && Names(batch) ? new(batch.ExpiresAt) : null;
        if (command is ReplayOperation replay)
            return replay.Mode == ReplayMode.ForceComplete && Names(ForceComplete) ? new() : null;
        return catalogue.Entries.FirstOrDefault(e => e.Command == command.GetType()) is { } entry && Names(entry.Kind) ? new() : null;
    }

    /// <summary>The command of which the second person sees what it does: an order for an operation does exactly what its plan says now, or nothing.</summary>
    public static TCommand AsShown<TCommand>(TCommand command, CommandPreview preview)
        where TCommand : class => command is ReplayOperation replay && preview.Input is ReplayPreview { Plan.Digest: var digest } ? (TCommand)(object)(replay with { Plan = digest }) : command;

    /// <summary>
    /// Whether what needs an approval is accepted: it has one, it follows from an operation, the installation itself gives it, or it is an item of
    /// a batch, which needed an approval itself. The replay of an ended operation in a batch is not: nobody approved its command.
    /// </summary>
    public static bool Accepts(Caller caller, ScheduleClaim? claim, ReplayedOperation? replayOf) => caller.Kind switch
    {
        CallerKind.System => true,
        CallerKind.Schedule => claim is { Approver: not null } or { FollowsOperation: true },
        CallerKind.Batch => replayOf is null,
        _ => false,
    };

    public static OperationRejected Refusal(string kind) => new()
    {
        Code = RejectionCodes.ApprovalNeeded,
        Detail = $"Commands of the kind '{kind}' need a second person's approval here, and this one has none. Post the command itself over HTTP: it waits as a scheduled command until somebody else approves it.",
    };

    /// <summary>Why the configuration may not name this; null when it may.</summary>
    internal static string? WhyNot(CommandCatalogue catalogue, string name) => catalogue.Find(name) switch
    {
        _ when name == ForceComplete => null,
        _ when name == RunBatchPlan.Kind => $"is not named here: set {FourEyesOptions.Section}:BulkOver.",
        _ when name == LinkDomainsPlan.Kind => "may not be named: the installation gives this command itself, once the control of a domain is proved.",
        null => $"is not a kind of command. There are {string.Join(", ", Nameable(catalogue))}.",
        { Scheduling.Only: true } => "may not be named: other commands give it, which may be named.",
        _ => null,
    };

    private static IEnumerable<string> Nameable(CommandCatalogue catalogue) =>
        catalogue.Entries.Select(e => e.Kind).Append(ForceComplete).Where(k => WhyNot(catalogue, k) is null).Order(StringComparer.Ordinal);
}
