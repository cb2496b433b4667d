using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Update;
using Saga.Registry.Intake;
using Saga.Registry.Replays;

namespace Saga.Lifecycle.Replay;

/// <summary>
/// Replays of operations that were compensated or cancelled. Nothing of them is left to go on with, so their command runs again, changed or
/// not, as an operation of its own. Thread-safe.
/// </summary>
public sealed class EndedReplays(CommandCatalogue catalogue, IAcceptanceStore acceptances, IServiceProvider services)
{
    private const string NotOfEnded = "is for a stalled operation; this one has ended, and a replay runs its command from the first step";

    private static readonly OperationRejected NotForOperators = new()
    {
        Code = RejectionCodes.Forbidden,
        Detail = "The operation has ended, so a replay gives its command again. This needs the role platform-admin, like the command itself.",
    };

    /// <summary>Why the order is refused before its command is looked at; null when it is not.</summary>
    public async Task<OperationRejected?> RefusalAsync(EndedOperation ended, ReplayOperation order, Caller caller, CancellationToken cancellationToken)
    {
        if (!caller.IsAdministrator)
            return NotForOperators;
        // A repeated order is accepted again, whatever became of the first.
        var isKnown = order.IdempotencyKey is { } key && await acceptances.FindAsync(caller.ToString(), key, cancellationToken) is not null;
        return Refusal(ended, order, isKnown);
    }

    /// <summary>Accepts or refuses the command of an order that <see cref="RefusalAsync"/> lets through.</summary>
    public Task<IntakeOutcome> SubmitAsync(EndedOperation ended, ReplayOperation order, Caller caller, Guid? messageId, Guid? parent, CancellationToken cancellationToken) =>
        Replayer(ended).SubmitAsync(CommandOf(ended, order), new(ended.Id, order.Reason), caller, order.IdempotencyKey, messageId, parent, cancellationToken);

    /// <summary>What an order of an administrator would do now. Writes nothing.</summary>
    public async Task<CommandPreview> PlanAsync(EndedOperation ended, ReplayOperation order, CancellationToken cancellationToken)
    {
        var about = new ReplayPreview(ended.Version, null, ContinuesRemoval: false) { RunsCommand = true };
        if (Refusal(ended, order, isKnown: false) is { } refusal)
            return new(null, about, refusal);
        var command = CommandOf(ended, order);
        var preview = await Replayer(ended).PlanAsync(command, cancellationToken);
        return preview with
        {
            Input = about with
            {
                Command = Shown(ended, command),
                Steps = preview.Rejection is null ? [.. preview.Workflow!.Steps.Select(s => new ReplayedStep(s.Name, ReplayAction.Runs))] : [],
            },
        };
    }

    /// <summary>The preview for this caller.</summary>
    public static CommandPreview For(Caller caller, CommandPreview preview) => caller.IsAdministrator || preview.Input is not ReplayPreview { RunsCommand: true } input
        ? preview
        : preview with { Input = new ReplayPreview(input.Version, null, ContinuesRemoval: false) { RunsCommand = true }, Rejection = NotForOperators };

    private OperationRejected? Refusal(EndedOperation ended, ReplayOperation order, bool isKnown)
    {
        if (catalogue.Find(ended.Kind) is not { } entry)
            return Not(ended, $"This version does not know the command '{ended.Kind}'. Ask a newer one.");
        if (entry.Scheduling is { Only: true })
            return Not(ended, $"The command '{ended.Kind}' is part of another one, which schedules it. It cannot be given by itself.");
        if (!isKnown && ended.Replay is { } replay)
            return Not(ended, $"The operation {replay} is a replay of it, and is running or has completed. Follow that operation.");
        if (!isKnown && order.ExpectedVersion is { } expected && expected != ended.Version)
            return ReplayIntake.Moved(order, expected, ended.Version);
        var errors = new List<FieldError>();
        if (order.Mode is not null)
            errors.Add(new("/mode", NotOfEnded));
        if (order.From is not null)
            errors.Add(new("/from", NotOfEnded));
        if (order.Skip.Count > 0)
            errors.Add(new("/skip", NotOfEnded));
        if (order.States is not null)
            errors.Add(new("/states", NotOfEnded));
        if (order.Plan is not null)
            errors.Add(new("/plan", NotOfEnded));
        if (order.Input is { ValueKind: JsonValueKind.Object } input && input.TryGetProperty("tenantId", out _))
            errors.Add(new("/input/tenantId", "cannot be changed: a replay is about the same tenant"));
        if (entry.BoxedField(ended.Command) is { } boxed && !(order.Input is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty(boxed, out _)))
            errors.Add(new($"/input/{boxed}", "is needed, because the value of the command is encrypted and only workers can read it"));
        return errors.Count == 0 ? null : ReplayIntake.Invalid(errors);
    }

    private static OperationRejected Not(EndedOperation ended, string why) =>
        new() { Code = RejectionCodes.OperationNotReplayable, Detail = why, OperationId = ended.Replay ?? ended.Id };

    private ICommandReplayer Replayer(EndedOperation ended) => (ICommandReplayer)services.GetRequiredService(
        typeof(CommandReplayer<>).MakeGenericType(catalogue.Find(ended.Kind)!.Command));

    private static JsonElement CommandOf(EndedOperation ended, ReplayOperation order) => order.Input is { } changes
        ? JsonSerializer.SerializeToElement(MergePatch.Apply(JsonSerializer.SerializeToNode(ended.Command), changes), Json.Options)
        : ended.Command;

    // Without a value that is stored encrypted.
    private JsonElement Shown(EndedOperation ended, JsonElement command)
    {
        var shown = JsonSerializer.SerializeToNode(command)!.AsObject();
        if (catalogue.Find(ended.Kind)!.BoxedField(command) is { } boxed)
            shown.Remove(boxed);
        return JsonSerializer.SerializeToElement(shown, Json.Options);
    }
}
