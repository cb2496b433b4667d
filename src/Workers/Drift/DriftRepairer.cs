using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>
/// Repairs findings of scans, and ends quarantines. Each thing is looked at once more by the session that changes it, and compared with the registry as the
/// scan does it. What a quarantine does is recorded before it is done. Thread-safe.
/// </summary>
internal sealed partial class DriftRepairer(
    Installation installation, DriftStore drift, QuarantineStore quarantine, LeasedTransactions leases, IOptions<DriftOptions> options, ILogger<DriftRepairer> log)
{
    // What may pass is tried again before the finding is given up.
    private const int Tries = 3;

    // What is made again may still have to be barred, because its tenant is closed.
    private const int Rounds = 2;

    // The states from which a thing can be put back: all that have not ended.
    private static readonly QuarantineState[] Held = [QuarantineState.Quarantining, QuarantineState.Quarantined, QuarantineState.Releasing, QuarantineState.Removing];

    /// <summary>Repairs those findings of the operation's command that are the worker's.</summary>
    public async Task<DriftRepairOutput> RepairAsync(StepContext context, IResourceRepair repair, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var command = context.Input<RepairDrift>();
        var mine = (await drift.FindAsync([.. command.Items!], cancellationToken)).Values.Where(f => repair.Inventory.Resources.Contains(f.Finding.Key.Resource, StringComparer.Ordinal));
        var begun = (await quarantine.OfAsync(context.OperationId, repair.Inventory.Resources, cancellationToken)).ToDictionary(t => t.Finding);
        var items = new List<RepairedFinding>();
        foreach (var finding in mine.OrderBy(f => DriftRepairs.Turn(f.Finding.Key.Resource)).ThenBy(f => f.Finding.Key.Name, StringComparer.Ordinal).ToList())
        {
            items.Add(await RepairAsync(context, repair, finding, begun.GetValueOrDefault(finding.Id), command.Reason!, cancellationToken));
            context.Report(items.Count, unit: "findings", words: "repairing");
        }

        return new() { Items = items };
    }

    /// <summary>Releases what the operation has quarantined, or was about to.</summary>
    public async Task UndoAsync(StepContext context, IResourceRepair repair, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        foreach (var thing in await quarantine.OfAsync(context.OperationId, repair.Inventory.Resources, cancellationToken))
        {
            if (thing.EndedAt is null)
                await ReleaseAsync(context, repair, thing, cancellationToken);
        }
    }

    /// <summary>Releases the thing that the operation's command names.</summary>
    public async Task<QuarantineOutput> ReleaseAsync(StepContext context, IResourceRepair repair, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var thing = await FindAsync(context.Input<ReleaseQuarantined>().QuarantineId, cancellationToken);
        // It may have ended between the check of the command and its acceptance.
        if (thing.EndedAt is not null)
            return Ended(thing);
        await ReleaseAsync(context, repair, thing, cancellationToken);
        return new() { Outcome = QuarantineStateName(QuarantineState.Released) };
    }

    /// <summary>Puts the thing that a release has put back, or was about to, into quarantine again.</summary>
    public async Task UndoReleaseAsync(StepContext context, IResourceRepair repair, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var thing = await FindAsync(context.Input<ReleaseQuarantined>().QuarantineId, cancellationToken);
        if (thing.State is not (QuarantineState.Releasing or QuarantineState.Released))
            return;
        bool isThere;
        await using (var session = await OpenAsync(context, repair, thing, cancellationToken))
        {
            var barred = await session.IsBarredAsync(thing, cancellationToken);
            isThere = barred == true || barred == false && await session.BarAsync(thing, cancellationToken);
        }

        if (!isThere)
        {
            await EndAsync(context, thing, QuarantineState.Removed, null, cancellationToken);
            return;
        }

        // Whoever wanted it back gets at least a day to try again. The removal was cancelled with the release, or may come due any moment.
        await CommitAsync(
            context,
            (transaction, at) => QuarantineRows.AgainAsync(
                transaction, thing, [QuarantineState.Releasing, QuarantineState.Released], context.OperationId, at, Later(thing.Until, at + QuarantineStore.TriedAgainAfter), cancellationToken),
            cancellationToken);
    }

    /// <summary>Removes the thing that the operation's command names, if it is still an orphan, and as the quarantine left it.</summary>
    public async Task<QuarantineOutput> RemoveAsync(StepContext context, IResourceRepair repair, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var thing = await FindAsync(context.Input<RemoveQuarantined>().QuarantineId, cancellationToken);
        if (thing.EndedAt is not null)
            return Ended(thing);
        // The removal may have waited while a release was undone, which has put it off.
        if (thing.State is not (QuarantineState.Quarantined or QuarantineState.Removing) || await quarantine.IsSupersededAsync(thing.Id, context.OperationId, cancellationToken))
            return new() { Outcome = QuarantineStateName(thing.State), Words = "It was not removed: something was done about it since the removal was accepted." };
        await using var session = await OpenAsync(context, repair, thing, cancellationToken);
        var barred = await session.IsBarredAsync(thing, cancellationToken);
        if (barred == false)
            return await EndAsync(context, thing, QuarantineState.Left, "Somebody has changed it since it was quarantined.", cancellationToken);
        if (barred is null)
            return await EndAsync(context, thing, QuarantineState.Removed, null, cancellationToken);
        if (await IsExpectedAsync(repair.Inventory, thing, cancellationToken))
            return await EndAsync(context, thing, QuarantineState.Left, "The registry expects a thing of this name again.", cancellationToken);
        await MoveAsync(context, thing, [QuarantineState.Quarantined], QuarantineState.Removing, cancellationToken);
        var why = await session.RemoveAsync(thing, cancellationToken);
        if (why is not null)
            LogLeft(thing.Key.Resource, thing.Renamed, why);
        return await EndAsync(context, thing, why is null ? QuarantineState.Removed : QuarantineState.Left, why, cancellationToken);
    }

    /// <summary>What was not removed stays in quarantine, from where it can be released. The removal is tried again a day later.</summary>
    public async Task UndoRemoveAsync(StepContext context, CancellationToken cancellationToken)
    {
        var thing = await FindAsync(context.Input<RemoveQuarantined>().QuarantineId, cancellationToken);
        await CommitAsync(
            context,
            // One that failed before it began has spent its schedule, too.
            (transaction, at) => QuarantineRows.AgainAsync(
                transaction, thing, [QuarantineState.Quarantined, QuarantineState.Removing], context.OperationId, at, at + QuarantineStore.TriedAgainAfter, cancellationToken),
            cancellationToken);
    }

    private async Task<RepairedFinding> RepairAsync(
        StepContext context, IResourceRepair repair, StoredFinding finding, QuarantinedThing? begun, string reason, CancellationToken cancellationToken)
    {
        var result = new RepairedFinding { Finding = finding.Id, Resource = finding.Finding.Key.Resource, Name = finding.Finding.Key.Name, Outcome = "alreadyGone", Quarantine = begun?.Id };
        // An earlier attempt has done it.
        if (finding.EndedAt is not null)
            return finding.RepairedBy == context.OperationId ? result with { Outcome = begun is null ? "repaired" : "quarantined" } : result;
        // What a quarantine has begun is finished or undone. Before, a failure concerns this finding alone.
        var intended = begun is not null;
        try
        {
            return await RepairAsync(context, repair, finding, begun, reason, result, () => intended = true, cancellationToken);
        }
        catch (Exception error) when (!intended && DriftScanner.FailureOf(error) is { } failure)
        {
            if (context.Attempt < Tries && failure.Kind != FailureKind.Permanent)
                throw new StepFailureException(failure, error);
            LogNotRepaired(result.Resource, result.Name, failure.Code, failure.Message);
            return result with { Outcome = "notRepaired", Words = failure.Remedy is null ? failure.Message : $"{failure.Message} {failure.Remedy}" };
        }
        catch (Exception error) when (error is not StepFailureException && DriftScanner.FailureOf(error) is { } failure)
        {
            throw new StepFailureException(failure, error);
        }
    }

    private async Task<RepairedFinding> RepairAsync(
        StepContext context, IResourceRepair repair, StoredFinding finding, QuarantinedThing? begun, string reason, RepairedFinding result, Action intend, CancellationToken cancellationToken)
    {
        var since = await drift.NowAsync(cancellationToken);
        await using var session = await repair.OpenAsync(
            context, finding.Finding.Key, finding.Finding.Tenant ?? finding.Finding.Owner, await installation.IdAsync(cancellationToken), cancellationToken);
        // It may have its new name already, so that it is not looked for under its own.
        if (begun is not null)
            return await QuarantineAsync(context, session, begun, result, cancellationToken);
        var found = await session.LookAsync(cancellationToken);
        // An earlier attempt may have died while it made the thing again, which must not stay half made. It would be young, and the tenant is this repair's.
        var mayBeHalfMade = context.Attempt > 1 && finding.Finding.Kind == DriftKind.Missing && DriftRepairs.Of(finding.Finding).Kind == DriftRepairKind.CreateAgain;
        var comparison = await CompareAsync(
            context, repair.Inventory, finding.Finding, found, since, mayBeHalfMade ? TimeSpan.Zero : TimeSpan.FromMinutes(options.Value.GraceMinutes), cancellationToken);
        if (comparison.LeftAlone.Count > 0)
            return result with { Outcome = "leftAlone", Words = "It was made or changed a short while ago, or an operation works on it. Repair it later." };
        var now = comparison.Findings.SingleOrDefault();
        if (mayBeHalfMade)
            now = finding.Finding;
        if (now is null || !IsStill(finding.Finding, now))
        {
            await CommitAsync(context, (transaction, at) => DriftFindingRows.GoneAsync(transaction, finding.Id, at, cancellationToken), cancellationToken);
            return now is null ? result : result with { Words = $"It is {DriftWord(now.Kind)} by now{Facts(now)}. Scan for drift again, then repair what the scan finds." };
        }

        var remedy = DriftRepairs.Of(now);
        if (remedy.Kind == DriftRepairKind.None)
            return result with { Outcome = "notRepaired", Words = $"{remedy.Words} {remedy.Instead}" };
        if (remedy.Kind == DriftRepairKind.Quarantine)
        {
            if (session.WhyNot(found!) is { } why)
                return result with { Outcome = "notRepaired", Words = why };
            var id = Guid.CreateVersion7();
            var thing = new QuarantinedThing
            {
                Id = id, Finding = finding.Id, Operation = context.OperationId, Key = now.Key, Renamed = session.Rename(id), Owner = now.Owner, Tenant = now.Tenant, Reason = reason,
                Was = await session.StateAsync(cancellationToken), BegunAt = since,
            };
            intend();
            await CommitAsync(context, (transaction, _) => QuarantineRows.BeginAsync(transaction, thing, cancellationToken), cancellationToken);
            return await QuarantineAsync(context, session, thing, result, cancellationToken);
        }

        for (var round = 1; ; round++)
        {
            await session.SetRightAsync(now, cancellationToken);
            found = await session.LookAsync(cancellationToken);
            // It was changed just now, so it is young.
            comparison = await CompareAsync(context, repair.Inventory, finding.Finding, found, since, TimeSpan.Zero, cancellationToken);
            if (comparison.Findings.SingleOrDefault() is not { } still)
                break;
            if (round == Rounds || DriftRepairs.Of(still).Kind is not (DriftRepairKind.SetBack or DriftRepairKind.CreateAgain))
                return result with { Outcome = "notRepaired", Words = $"It is still {DriftWord(still.Kind)} after the repair{Facts(still)}. Look at who changes it." };
            now = still;
        }

        await CommitAsync(context, (transaction, at) => DriftFindingRows.RepairedAsync(transaction, finding.Id, context.OperationId, at, cancellationToken), cancellationToken);
        return result with { Outcome = "repaired" };
    }

    private async Task<RepairedFinding> QuarantineAsync(StepContext context, IRepairSession session, QuarantinedThing thing, RepairedFinding result, CancellationToken cancellationToken)
    {
        result = result with { Quarantine = thing.Id };
        if (!await session.BarAsync(thing, cancellationToken))
        {
            await CommitAsync(context, (transaction, at) => QuarantineRows.VanishedAsync(transaction, thing, at, cancellationToken), cancellationToken);
            return result;
        }

        await CommitAsync(
            context, (transaction, at) => QuarantineRows.QuarantinedAsync(transaction, thing, at, at + TimeSpan.FromDays(options.Value.QuarantineDays), cancellationToken), cancellationToken);
        LogQuarantined(thing.Key.Resource, thing.Key.Name, thing.Renamed);
        return result with { Outcome = "quarantined" };
    }

    private async Task ReleaseAsync(StepContext context, IResourceRepair repair, QuarantinedThing thing, CancellationToken cancellationToken)
    {
        await MoveAsync(context, thing, Held, QuarantineState.Releasing, cancellationToken);
        await using (var session = await OpenAsync(context, repair, thing, cancellationToken))
            await session.ReleaseAsync(thing, cancellationToken);
        await EndAsync(context, thing, QuarantineState.Released, null, cancellationToken);
    }

    private async Task<DriftComparison> CompareAsync(
        StepContext context, IInventory inventory, DriftFinding finding, FoundThing? found, DateTimeOffset since, TimeSpan grace, CancellationToken cancellationToken)
    {
        await using var snapshot = await drift.SnapshotAsync(cancellationToken);
        var expected = await inventory.ExpectAsync(snapshot, new(await installation.IdAsync(cancellationToken), null), cancellationToken);
        var scope = await snapshot.ScopeAsync(since, grace, found?.Owner is { } owner ? [owner] : [], null, cancellationToken, context.OperationId);
        return DriftRules.Compare(expected.Where(e => e.Key == finding.Key), found is null ? [] : [found], scope);
    }

    private async Task<bool> IsExpectedAsync(IInventory inventory, QuarantinedThing thing, CancellationToken cancellationToken)
    {
        await using var snapshot = await drift.SnapshotAsync(cancellationToken);
        var expected = await inventory.ExpectAsync(snapshot, new(await installation.IdAsync(cancellationToken), null), cancellationToken);
        return expected.Any(e => e.Key == thing.Key || e.Key == thing.RenamedKey);
    }

    // It is not forgotten while an operation works on it.
    private async Task<QuarantinedThing> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await quarantine.FindAsync(id, cancellationToken) ?? throw new InvalidOperationException($"The registry does not know the quarantine {id}.");

    private async Task<IRepairSession> OpenAsync(StepContext context, IResourceRepair repair, QuarantinedThing thing, CancellationToken cancellationToken) =>
        await repair.OpenAsync(context, thing.Key, thing.Tenant ?? thing.Owner, await installation.IdAsync(cancellationToken), cancellationToken);

    private Task MoveAsync(StepContext context, QuarantinedThing thing, IReadOnlyCollection<QuarantineState> from, QuarantineState to, CancellationToken cancellationToken) =>
        CommitAsync(context, (transaction, _) => QuarantineRows.MoveAsync(transaction, thing.Id, from, to, cancellationToken), cancellationToken);

    private async Task<QuarantineOutput> EndAsync(StepContext context, QuarantinedThing thing, QuarantineState end, string? words, CancellationToken cancellationToken)
    {
        await CommitAsync(context, (transaction, at) => QuarantineRows.EndAsync(transaction, thing, end, words, context.OperationId, at, cancellationToken), cancellationToken);
        return new() { Outcome = QuarantineStateName(end), Words = words };
    }

    private async Task CommitAsync(StepContext context, Func<LeasedTransaction, DateTimeOffset, Task> write, CancellationToken cancellationToken)
    {
        var at = await drift.NowAsync(cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await write(transaction, at);
        await transaction.CommitAsync(cancellationToken);
    }

    // What has changed its kind is another difference of the same thing. Setting it back loses nothing, whatever it was before; all else was not ordered. Of
    // another tenant, which the repair does not hold, it is another finding.
    private static bool IsStill(DriftFinding ordered, DriftFinding now) =>
        now.Kind == ordered.Kind || now.Tenant == ordered.Tenant && DriftRepairs.Of(now).Kind == DriftRepairKind.SetBack;

    private static QuarantineOutput Ended(QuarantinedThing thing) => new() { Outcome = QuarantineStateName(thing.State), Words = thing.Words };

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;

    private static string QuarantineStateName(QuarantineState state) => state.ToString().ToLowerInvariant();

    private static string DriftWord(DriftKind kind) => kind.ToString().ToLowerInvariant();

    private static string Facts(DriftFinding finding) => finding.Differences.Count == 0 ? "" : $" ({string.Join(", ", finding.Differences.Select(d => d.Fact))})";

    [LoggerMessage(EventId = 3112, Level = LogLevel.Warning, Message = "The {Resource} '{Name}' could not be repaired ({Code}): {Reason}")]
    private partial void LogNotRepaired(string resource, string name, string code, string reason);

    [LoggerMessage(EventId = 3113, Level = LogLevel.Information, Message = "The {Resource} '{Name}' is in quarantine, as '{Renamed}'.")]
    private partial void LogQuarantined(string resource, string name, string renamed);

    [LoggerMessage(EventId = 3114, Level = LogLevel.Warning, Message = "The {Resource} '{Renamed}' was not removed when its time in quarantine was over: {Reason}")]
    private partial void LogLeft(string resource, string renamed, string reason);
}
