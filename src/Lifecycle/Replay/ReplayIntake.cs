using System.Globalization;
using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Replays;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Replay;

/// <summary>
/// Accepts operators' orders for stalled operations. It starts no operation of its own: the accepted order goes to the operation, which
/// carries it out in its own transaction if it still means the same. Orders for operations that were compensated or cancelled run their
/// command again.
/// </summary>
public sealed class ReplayIntake(OperationStore operations, ReplayStore replays, EndedReplays endings, CommandCatalogue catalogue, FourEyesRules fourEyes, Rejections rejections) : ICommandIntake<ReplayOperation>
{
    /// <summary>The kind of command in the audit log and in metrics.</summary>
    public const string Kind = "replay";

    private static readonly OperationRejected NotForOperators = new()
    {
        Code = RejectionCodes.Forbidden,
        Detail = "The operation removes what cannot be made again, or leads to that, and the order lets it go on. This needs the role platform-admin.",
    };

    private static readonly OperationRejected NotForced = new()
    {
        Code = RejectionCodes.Forbidden,
        Detail = "The order ends the operation on somebody's word. This needs the role platform-admin, like the command itself.",
    };

    // More steps than any workflow has.
    private const int MostSkipped = 100;

    public async Task<IntakeOutcome> SubmitAsync(ReplayOperation command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
    {
        var (valid, errors) = Check(command with { IdempotencyKey = command.IdempotencyKey ?? usualKey });
        if (valid is null)
            return await RejectAsync(Invalid(errors), caller, cancellationToken, messageId);
        if (valid.Mode == ReplayMode.ForceComplete && !caller.IsAdministrator)
            return await RejectAsync(NotForced, caller, cancellationToken, messageId);
        if (!FourEyesRules.Accepts(caller, claim, replayOf) && await fourEyes.NeedAsync(valid, cancellationToken) is not null)
            return await RejectAsync(FourEyesRules.Refusal(FourEyesRules.ForceComplete), caller, cancellationToken, messageId);
        if (await replays.FindEndedAsync(valid.OperationId, cancellationToken) is { } ended)
        {
            return await endings.RefusalAsync(ended, valid, caller, cancellationToken) is { } refusal
                ? await RejectAsync(refusal, caller, cancellationToken, messageId)
                : await endings.SubmitAsync(ended, valid, caller, messageId, parent, cancellationToken);
        }

        if (await NoInputAsync(valid, cancellationToken) is { } superfluous)
            return await RejectAsync(superfluous, caller, cancellationToken, messageId);
        var reading = await replays.WriteAsync(valid, caller.ToString(), found => caller.IsAdministrator || !ContinuesRemoval(found), claim, valid.Mode == ReplayMode.ForceComplete ? FollowUps : null, parent, cancellationToken);
        return (RejectionOf(valid, reading) ?? (caller.IsAdministrator || !ContinuesRemoval(reading!) ? null : NotForOperators)) is { } rejection
            ? await RejectAsync(rejection, caller, cancellationToken, messageId)
            : new CommandAccepted(valid.OperationId, reading!.TenantId, IsReplay: reading.Result == ReplayResult.Repeated)
            {
                Operation = await operations.FindAsync(valid.OperationId, cancellationToken),
            };
    }

    private static IReadOnlyList<ScheduledCommand> FollowUps(ReplayReading accepted, DateTimeOffset now) =>
        accepted is { TenantId: { } tenant, Answer: ReplayAnswer.Planned { Plan.Follows: { } follows } } ? ForcedFollowUps.Of(accepted.OperationId, tenant, follows, now) : [];

    public async Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null)
    {
        await rejections.RecordAsync(Kind, caller, rejection, messageId, cancellationToken);
        return new(rejection);
    }

    public async Task<CommandPreview> PlanAsync(ReplayOperation command, CancellationToken cancellationToken)
    {
        var (valid, errors) = Check(command);
        if (valid is null)
            return new(null, null, Invalid(errors));
        if (await replays.FindEndedAsync(valid.OperationId, cancellationToken) is { } ended)
            return await endings.PlanAsync(ended, valid, cancellationToken);
        if (await NoInputAsync(valid, cancellationToken) is { } superfluous)
            return new(null, null, superfluous);
        var reading = await replays.PlanAsync(valid, cancellationToken);
        return new(
            null,
            reading is null ? null : new ReplayPreview(reading.Version, (reading.Answer as ReplayAnswer.Planned)?.Plan, ContinuesRemoval(reading))
            {
                Forces = valid.Mode == ReplayMode.ForceComplete, NeedsApproval = await fourEyes.NeedAsync(valid, cancellationToken) is not null,
            },
            RejectionOf(valid, reading))
        {
            TenantId = reading?.TenantId,
        };
    }

    /// <summary>The preview of an order of this caller.</summary>
    public static CommandPreview For(Caller caller, CommandPreview preview) => preview.Input switch
    {
        ReplayPreview { Forces: true } forced when !caller.IsAdministrator => preview with { Input = forced with { Plan = null }, Rejection = NotForced },
        ReplayPreview { ContinuesRemoval: true } removal when !caller.IsAdministrator => preview with { Input = removal with { Plan = null }, Rejection = NotForOperators },
        _ => EndedReplays.For(caller, preview),
    };

    // An operation that is being undone never goes forward again, so an order that is allowed now is allowed when it is carried out.
    private bool ContinuesRemoval(ReplayReading reading) =>
        reading is { Result: ReplayResult.Accepted, Answer: ReplayAnswer.Planned { Plan.Direction: Direction.Forward } } && catalogue.Removes(reading.Kind);

    private async Task<OperationRejected?> NoInputAsync(ReplayOperation command, CancellationToken cancellationToken) =>
        command.Input is null || await operations.FindAsync(command.OperationId, cancellationToken) is null
            ? null
            : Invalid([new("/input", "is for an operation that was compensated or cancelled; this one goes on with the command that it has")]);

    private static OperationRejected? RejectionOf(ReplayOperation command, ReplayReading? reading) => reading switch
    {
        null => new() { Code = RejectionCodes.OperationNotFound, Detail = $"No operation has the id {command.OperationId}." },
        { Result: ReplayResult.Moved, Answer: null } => Moved(command, command.ExpectedVersion ?? 0, reading.Version),
        { Result: ReplayResult.Moved } => Moved(command, string.Create(CultureInfo.InvariantCulture, $"The order does not mean any more what its plan says. The operation has version {reading.Version}.")),
        { Answer: ReplayAnswer.Refused { Why: var why } } => new() { Code = RejectionCodes.OperationNotReplayable, Detail = why, OperationId = command.OperationId },
        { Answer: ReplayAnswer.Invalid { Errors: var errors } } => Invalid(errors),
        _ => null,
    };

    internal static OperationRejected Moved(ReplayOperation command, long expected, long version) =>
        Moved(command, string.Create(CultureInfo.InvariantCulture, $"The order is based on version {expected}, and the operation has version {version}."));

    private static OperationRejected Moved(ReplayOperation command, string why) => new()
    {
        Code = RejectionCodes.OperationMoved, Detail = $"{why} Look at it again, then repeat the order.", OperationId = command.OperationId,
    };

    internal static OperationRejected Invalid(IReadOnlyList<FieldError> errors) =>
        new() { Code = RejectionCodes.Validation, Detail = "The command breaks a rule: see errors.", Errors = errors };

    private static (ReplayOperation? Valid, IReadOnlyList<FieldError> Errors) Check(ReplayOperation command)
    {
        var errors = new List<FieldError>();
        var reason = ReasonText.Normalize(command.Reason);
        if (reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        // A reader of JSON leaves out what is missing, whatever the types say.
        IReadOnlyList<SkippedStep?> skip = command.Skip ?? [];
        if (skip.Count > MostSkipped)
            errors.Add(new("/skip", string.Create(CultureInfo.InvariantCulture, $"must have at most {MostSkipped} steps")));
        var skipped = new List<SkippedStep>();
        for (var i = 0; i < skip.Count && i < MostSkipped; i++)
        {
            if (skip[i]?.Step is not { } step)
            {
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/skip/{i}/step"), "is missing"));
                continue;
            }

            var why = ReasonText.Normalize(skip[i]!.Reason);
            if (why is null)
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/skip/{i}/reason"), ReasonText.Rule));
            if (skip[i]!.Output is { } output && !StorableText.IsStorable(output))
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/skip/{i}/output"), "must be JSON without NUL, lone surrogates and escaped names"));
            skipped.Add(new() { Step = step, Reason = why ?? "", Output = skip[i]!.Output is { ValueKind: not JsonValueKind.Null } given ? given.Clone() : null });
        }

        if (command.Input is { } input && (input.ValueKind != JsonValueKind.Object || !StorableText.IsStorable(input)))
            errors.Add(new("/input", "must be a JSON object, a merge patch (RFC 7396) of the command, without NUL, lone surrogates and escaped names"));
        foreach (var (step, effect) in command.States ?? new Dictionary<string, StatedEffect>())
        {
            if (!Enum.IsDefined(effect))
                errors.Add(new(FieldError.PointerTo("/states", step), "must be done or absent"));
        }

        if (command.ExpectedVersion < 0)
            errors.Add(new("/expectedVersion", "must be a version of the operation, as GET shows it"));
        if (command.Plan is { } plan && (plan.Length != 64 || !plan.All(char.IsAsciiHexDigitLower)))
            errors.Add(new("/plan", "must be the digest that a dry run returned"));
        if (command.IdempotencyKey is { } key && !IdempotencyKeys.IsValid(key))
            errors.Add(new("/idempotencyKey", IdempotencyKeys.Rule));
        return errors.Count > 0 ? (null, errors) : (command with { Reason = reason!, Skip = skipped, Input = command.Input?.Clone(), States = Sorted(command.States) }, []);
    }

    // The digest of the plan covers the order, in whichever order its members came.
    private static SortedDictionary<string, StatedEffect>? Sorted(IReadOnlyDictionary<string, StatedEffect>? states)
    {
        var sorted = states is null ? null : new SortedDictionary<string, StatedEffect>(StringComparer.Ordinal);
        foreach (var (step, effect) in states ?? new Dictionary<string, StatedEffect>())
            sorted!.Add(step, effect);
        return sorted;
    }
}

/// <summary>What a replay would do.</summary>
/// <param name="Version">The operation's version.</param>
/// <param name="Plan">Null when the order would be refused.</param>
/// <param name="ContinuesRemoval">Whether it would let a removal go on.</param>
public sealed record ReplayPreview(long Version, ReplayPlan? Plan, bool ContinuesRemoval)
{
    /// <summary>Whether it would end the operation on somebody's word.</summary>
    public bool Forces { get; init; }

    /// <summary>Whether a second person must approve it first.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>Whether the operation has ended, so that its command would run again as an operation of its own.</summary>
    public bool RunsCommand { get; init; }

    /// <summary>That command, without a value that is stored encrypted; null when the order would be refused.</summary>
    public JsonElement? Command { get; init; }

    /// <summary>Its steps; empty when the order would be refused.</summary>
    public IReadOnlyList<ReplayedStep> Steps { get; init; } = [];
}
