using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Replay;
using Saga.Registry.Intake;
using Saga.Registry.Schedule;

namespace Saga.Lifecycle.Schedule;

/// <summary>
/// Schedules one kind of command for a time. What is wrong whatever happens until then is refused at once. What depends on the tenant's state
/// is decided when the command runs. Thread-safe.
/// </summary>
public sealed class Scheduler<TCommand>(ICommandIntake<TCommand> intake, CommandCatalogue catalogue, ScheduleStore store, IAcceptanceStore acceptances, FourEyesRules fourEyes)
    where TCommand : class
{
    /// <summary>The furthest time.</summary>
    public static readonly TimeSpan Furthest = TimeSpan.FromDays(731);

    /// <summary>How long a command may wait for a taken scope after its time, unless it says otherwise.</summary>
    public static readonly TimeSpan UsualPatience = TimeSpan.FromDays(1);

    /// <summary>The longest such time.</summary>
    public static readonly TimeSpan LongestPatience = TimeSpan.FromDays(90);

    /// <summary>Null when the command cannot be scheduled.</summary>
    public CommandScheduling? Scheduling => Entry?.Scheduling;

    private CommandEntry? Entry => catalogue.Entries.FirstOrDefault(e => e.Command == typeof(TCommand));

    /// <param name="command">The command.</param>
    /// <param name="caller">Who schedules it.</param>
    /// <param name="runAt">When it runs.</param>
    /// <param name="expiresAt">When it is refused if it could not begin until then; null for a day later.</param>
    /// <param name="needsApproval">Whether somebody else than the caller must approve it before it runs.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    public async Task<ScheduleOutcome> ScheduleAsync(
        TCommand command, Caller caller, DateTimeOffset runAt, DateTimeOffset? expiresAt, bool needsApproval, CancellationToken cancellationToken)
    {
        if (Entry is not { Scheduling: { } scheduling } entry)
            throw new InvalidOperationException($"{typeof(TCommand).Name} cannot be scheduled.");
        var body = CommandBody.Of(command);
        var key = body.Key is { } text ? new IdempotencyKey(text, Hash(body, runAt, expiresAt, needsApproval)) : null;
        if (await ReplayAsync(key, caller, cancellationToken) is { } known)
            return known;
        var now = await store.NowAsync(cancellationToken);
        var preview = await intake.PlanAsync(command, cancellationToken);
        var errors = TimeErrors(now, runAt, expiresAt).ToList();
        if (errors.Count > 0 || preview.Rejection is { Code: RejectionCodes.Validation or RejectionCodes.TenantNotFound })
            return new ScheduleOutcome.Refused(await RejectAsync(preview.Rejection, errors, caller, cancellationToken));
        return await AddAsync(
            new()
            {
                Id = Guid.CreateVersion7(now),
                Kind = entry.Kind,
                TenantId = preview.TenantId,
                Command = JsonElement.Parse(body.ToJson()),
                RunAt = runAt,
                ExpiresAt = expiresAt ?? runAt + UsualPatience,
                NeedsApproval = scheduling.NeedsApproval || needsApproval || await fourEyes.NeedAsync(command, cancellationToken) is not null,
                RequestedBy = caller.ToString(),
                CreatedAt = now,
            },
            key, caller, cancellationToken);
    }

    /// <summary>
    /// Lets a command wait for a second person's approval, if it needs one. What would be refused now is refused at once. It runs as soon as it is
    /// approved.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="caller">Who gives it.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>Null when it needs none, or was accepted before with this idempotency key: submit it.</returns>
    public async Task<ScheduleOutcome?> AwaitApprovalAsync(TCommand command, Caller caller, CancellationToken cancellationToken)
    {
        if (await fourEyes.NeedAsync(command, cancellationToken) is not { } need)
            return null;
        var body = CommandBody.Of(command);
        var key = body.Key is { } text ? new IdempotencyKey(text, SHA256.HashData([.. body.Hash(), .. "four eyes"u8])) : null;
        if (key is not null && await acceptances.FindAsync(caller.ToString(), key.Text, cancellationToken) is not null)
            return null;
        if (await ReplayAsync(key, caller, cancellationToken) is { } known)
            return known;
        // It will run with the rights of the second person, so what the caller may not order must not be scheduled either.
        var preview = ReplayIntake.For(caller, await intake.PlanAsync(command, cancellationToken));
        if ((preview.Rejection ?? Unstorable(body)) is { } rejection)
            return new ScheduleOutcome.Refused((await intake.RejectAsync(rejection, caller, cancellationToken)).Rejection);
        var now = await store.NowAsync(cancellationToken);
        var expiresAt = now + fourEyes.Patience;
        return await AddAsync(
            new()
            {
                Id = Guid.CreateVersion7(now),
                Kind = Entry?.Kind ?? ReplayIntake.Kind,
                TenantId = preview.TenantId,
                Command = JsonElement.Parse(CommandBody.Of(FourEyesRules.AsShown(command, preview)).ToJson()),
                RunAt = now,
                ExpiresAt = need.NotAfter < expiresAt ? need.NotAfter.Value : expiresAt,
                NeedsApproval = true,
                RequestedBy = caller.ToString(),
                CreatedAt = now,
            },
            key, caller, cancellationToken);
    }

    private async Task<ScheduleOutcome> AddAsync(ScheduledCommand scheduled, IdempotencyKey? key, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            await store.AddAsync(scheduled, key, cancellationToken);
            return new ScheduleOutcome.Scheduled(scheduled);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation && key is not null)
        {
            return await ReplayAsync(key, caller, cancellationToken) ?? throw new InvalidOperationException("The idempotency key was used, and then it was not.", error);
        }
    }

    // Everybody who may read scheduled commands would see the value.
    private OperationRejected? Unstorable(CommandBody body) => Entry?.BoxedField(JsonElement.Parse(body.ToJson())) is not { } field ? null : new()
    {
        Code = RejectionCodes.Validation,
        Detail = "The command breaks a rule: see errors.",
        Errors = [new($"/{field}", $"is encrypted, and such a value is not kept while the command waits for the second person's approval, which {FourEyesOptions.Section} demands")],
    };

    private async Task<OperationRejected> RejectAsync(OperationRejected? rejection, List<FieldError> errors, Caller caller, CancellationToken cancellationToken)
    {
        var whole = rejection is { Code: RejectionCodes.TenantNotFound } && errors.Count == 0 ? rejection : new()
        {
            Code = RejectionCodes.Validation,
            Detail = "The command breaks rules: see errors.",
            Errors = [.. rejection?.Errors ?? [], .. errors],
        };
        return (await intake.RejectAsync(whole, caller, cancellationToken)).Rejection;
    }

    private static IEnumerable<FieldError> TimeErrors(DateTimeOffset now, DateTimeOffset runAt, DateTimeOffset? expiresAt)
    {
        if (runAt <= now || runAt > now + Furthest)
            yield return new("/runAt", $"must be a time in the future, at most {Furthest.Days} days from now");
        if (expiresAt <= runAt || expiresAt > runAt + LongestPatience)
            yield return new("/expiresAt", $"must be after runAt, by at most {LongestPatience.Days} days");
    }

    private async Task<ScheduleOutcome?> ReplayAsync(IdempotencyKey? key, Caller caller, CancellationToken cancellationToken)
    {
        if (key is null || !IdempotencyKeys.IsValid(key.Text) || await store.FindAsync(caller.ToString(), key.Text, cancellationToken) is not { } known)
            return null;
        return known.Hash.AsSpan().SequenceEqual(key.CommandHash)
            ? new ScheduleOutcome.Scheduled(known.Command)
            : new ScheduleOutcome.Refused(new() { Code = RejectionCodes.IdempotencyKeyReused, Detail = "This idempotency key was used for another command. Use a new key for a new command." });
    }

    // Without an approval it is what earlier versions stored.
    private static byte[] Hash(CommandBody body, DateTimeOffset runAt, DateTimeOffset? expiresAt, bool needsApproval) =>
        SHA256.HashData([.. body.Hash(), .. Encoding.ASCII.GetBytes($"{runAt.ToUniversalTime():O} {expiresAt?.ToUniversalTime():O}{(needsApproval ? " approval" : "")}")]);
}

/// <summary>What came of scheduling a command.</summary>
public abstract record ScheduleOutcome
{
    private ScheduleOutcome()
    {
    }

    public sealed record Scheduled(ScheduledCommand Command) : ScheduleOutcome;

    public sealed record Refused(OperationRejected Rejection) : ScheduleOutcome;
}
