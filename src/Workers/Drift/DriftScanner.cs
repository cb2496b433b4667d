using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Objects;
using Saga.Workers.Cache;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Drift;

/// <summary>
/// Compares one worker's resources with the registry, and records what differs. It changes nothing outside. What cannot be read is a result and no
/// failure, and says nothing about the findings of before. Thread-safe.
/// </summary>
internal sealed partial class DriftScanner(Installation installation, DriftStore drift, LeasedTransactions leases, IOptions<DriftOptions> options, ILogger<DriftScanner> log)
{
    // What may pass is tried again before it is reported.
    private const int Tries = 3;

    // More that is missing was not passed over by a page that changed.
    private const int MostLookedFor = 200;
    private const int LooksAtOnce = 4;

    /// <summary>Runs the scan of the attempt's operation over what the inventory lists.</summary>
    public async Task<DriftScanOutput> RunAsync(StepContext context, IInventory inventory, CancellationToken cancellationToken)
    {
        var input = context.Input<ScanDrift>();
        var (chosen, grace) = (input.Tenants, input.IncludeRecent == true ? TimeSpan.Zero : TimeSpan.FromMinutes(options.Value.GraceMinutes));
        var scope = new InventoryScope(await installation.IdAsync(cancellationToken), chosen is null ? null : [.. chosen.Select(t => t.Value)]);
        var since = await drift.NowAsync(cancellationToken);
        var (found, unread) = (new List<FoundThing>(), new List<UnreadSystem>());
        try
        {
            await foreach (var page in inventory.ListAsync(scope, cancellationToken))
            {
                found.AddRange(page.Things);
                if (page.Failure is { } failure)
                    unread.Add(Unread(context, failure, page.Server, page.Database));
                context.Report(found.Count, unit: "things", words: "listing what is there");
            }
        }
        catch (Exception error) when (FailureOf(error) is { } failure)
        {
            unread.Add(Unread(context, failure));
        }

        // Nothing can be said about what was not read.
        return unread.Exists(u => u.Server is null)
            ? new DriftScanOutput { Unread = unread }
            : await CompareAsync(context, inventory, scope, since, grace, found, unread, cancellationToken);
    }

    private async Task<DriftScanOutput> CompareAsync(
        StepContext context, IInventory inventory, InventoryScope inventoryScope, DateTimeOffset since, TimeSpan grace, List<FoundThing> found, List<UnreadSystem> unread, CancellationToken cancellationToken)
    {
        IReadOnlyList<ExpectedThing> expected;
        DriftScope scope;
        await using (var snapshot = await drift.SnapshotAsync(cancellationToken))
        {
            expected = await inventory.ExpectAsync(snapshot, inventoryScope, cancellationToken);
            scope = await snapshot.ScopeAsync(
                since, grace, [.. found.Select(f => f.Owner).OfType<Guid>().Distinct()], inventoryScope.Tenants, cancellationToken);
        }

        scope = scope with
        {
            UnreadServers = unread.Where(u => u.Database is null).Select(u => u.Server!).ToHashSet(StringComparer.Ordinal),
            UnreadDatabases = [.. unread.Where(u => u.Database is not null).Select(u => (u.Server!, u.Database!))],
        };
        var comparison = DriftRules.Compare(expected, found, scope);
        if (await LookAgainAsync(inventory, expected, comparison, inventoryScope, cancellationToken) is { Count: > 0 } passedOver)
            comparison = DriftRules.Compare(expected, found.Concat(passedOver), scope);

        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            var ended = DriftRules.Ended(await DriftFindingRows.OpenAsync(transaction, inventory.Resources, cancellationToken), comparison, scope);
            await DriftFindingRows.SeeAsync(transaction, context.OperationId, scope.Now, comparison.Findings, cancellationToken);
            if (inventoryScope.Tenants is null)
                await DriftFindingRows.CountAsync(transaction, context.Step, context.OperationId, comparison.Compared, cancellationToken);
            await DriftFindingRows.EndAsync(transaction, ended, scope.Now, TimeSpan.FromDays(options.Value.KeepDays), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        if (comparison.Findings.Count > 0)
            LogFound(context.Step, comparison.Findings.Count);
        return new()
        {
            Compared = comparison.Compared,
            Orphans = Count(DriftKind.Orphan),
            Missing = Count(DriftKind.Missing),
            Different = Count(DriftKind.Different),
            LeftAlone = comparison.LeftAlone.Count,
            Unread = unread,
        };

        int Count(DriftKind kind) => comparison.Findings.Count(f => f.Kind == kind);
    }

    private static async Task<IReadOnlyCollection<FoundThing>> LookAgainAsync(
        IInventory inventory, IReadOnlyList<ExpectedThing> expected, DriftComparison comparison, InventoryScope scope, CancellationToken cancellationToken)
    {
        var missing = comparison.Findings.Where(f => f.Kind == DriftKind.Missing).Select(f => f.Key).ToHashSet();
        var found = new ConcurrentBag<FoundThing>();
        if (missing.Count is 0 or > MostLookedFor)
            return found;
        try
        {
            await Parallel.ForEachAsync(
                expected.Where(e => missing.Contains(e.Key)), new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = cancellationToken },
                async (thing, token) =>
                {
                    if (await inventory.FindAsync(thing, scope, token) is { } there)
                        found.Add(there);
                });
        }
        catch (Exception error) when (FailureOf(error) is { } failure)
        {
            // The system was there a moment ago, so the next attempt lists anew.
            throw new StepFailureException(failure, error);
        }

        return found;
    }

    private UnreadSystem Unread(StepContext context, Failure failure, string? server = null, string? database = null)
    {
        if (context.Attempt < Tries && failure.Kind != FailureKind.Permanent)
            throw new StepFailureException(failure);
        LogUnread(context.Step, database ?? server ?? failure.System ?? "all of it", failure.Code, failure.Message);
        return new() { Server = server, Database = database, Failure = failure };
    }

    /// <summary>The failure in an error that an external system caused; null for other errors.</summary>
    internal static Failure? FailureOf(Exception error) => error switch
    {
        StepFailureException known => known.Failure,
        ObjectStoreException store => StorageFailures.From(store).Failure,
        CacheException cache => CacheFailures.From(cache).Failure,
        _ => null,
    };

    [LoggerMessage(EventId = 3100, Level = LogLevel.Warning, Message = "The scan {Step} found {Count} differences between the registry and what is outside. GET /api/v1/drift lists them.")]
    private partial void LogFound(string step, int count);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "The scan {Step} could not read {System} ({Code}): {Reason}")]
    private partial void LogUnread(string step, string system, string code, string reason);
}
