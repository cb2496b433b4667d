using System.Text.Json;
using Saga.Api.Failures;
using Saga.Api.Operations;
using Saga.Engine.Replays;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;

namespace Saga.Api.Batches;

/// <summary>One order for many operations, tenants or places.</summary>
public sealed record BatchView
{
    public required Guid Id { get; init; }

    /// <summary>replays, commands or upgrades.</summary>
    public required string Kind { get; init; }

    /// <summary>prepared, running, paused, completed or aborted.</summary>
    public required string State { get; init; }

    /// <summary>The kind of the commands; absent for replays.</summary>
    public string? Action { get; init; }

    /// <summary>The order for each operation or place, or the command's fields without the tenant.</summary>
    public required JsonElement Input { get; init; }

    public required BatchPaceView Pace { get; init; }

    public required string Reason { get; init; }

    public required string PreparedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether a second person must approve its run; absent once it runs, and in lists.</summary>
    public bool? NeedsApproval { get; init; }

    /// <summary>When it is deleted unless somebody runs it; absent once it runs.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The address of the operation that stands for it; absent until it runs. Follow its events.</summary>
    public string? Operation { get; init; }

    public string? RunBy { get; init; }

    /// <summary>From 1; absent until it runs.</summary>
    public int? Wave { get; init; }

    /// <summary>The most items of this wave.</summary>
    public int? WaveSize { get; init; }

    public required BatchCountsView Items { get; init; }

    /// <summary>Of replays: what was seen of the effects of those that succeeded. Absent in lists.</summary>
    public BatchSeenView? Seen { get; init; }

    /// <summary>Of replays: what the operations had in common when the batch was prepared, the largest group first. Absent in lists.</summary>
    public IReadOnlyList<BatchGroupView>? Groups { get; init; }

    /// <summary>Why it paused.</summary>
    public string? PauseReason { get; init; }

    /// <summary>Why it paused by itself: items-failed or rehearsal-failed. Absent when somebody paused it.</summary>
    public string? PauseCode { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who aborted it.</summary>
    public string? EndedBy { get; init; }

    public string? EndReason { get; init; }

    internal static BatchView Of(Batch batch) => new()
    {
        Id = batch.Id,
        Kind = batch.Kind.ToString().ToLowerInvariant(),
        State = batch.State.ToString().ToLowerInvariant(),
        Action = batch.Kind == BatchKind.Upgrades ? UpgradeWorkflow.Kind : batch.Action,
        Input = batch.Input,
        Pace = new(batch.Pace.First, batch.Pace.Factor, batch.Pace.Max, batch.Pace.PerMinute, batch.Pace.StopAtFailureRatio),
        Reason = batch.Reason,
        PreparedBy = batch.PreparedBy,
        CreatedAt = batch.CreatedAt,
        ExpiresAt = batch.State == BatchState.Prepared ? batch.ExpiresAt : null,
        Operation = batch.OperationId is { } operation ? OperationEndpoints.Address(operation) : null,
        RunBy = batch.RunBy,
        Wave = batch.Wave == 0 ? null : batch.Wave,
        WaveSize = batch.Wave == 0 ? null : batch.WaveSize,
        Items = BatchCountsView.Of(batch.Counts),
        PauseReason = batch.PauseReason,
        PauseCode = batch.PauseCode,
        EndedAt = batch.EndedAt,
        EndedBy = batch.EndedBy,
        EndReason = batch.EndReason,
    };
}

/// <summary>How a batch goes on.</summary>
/// <param name="First">The size of the first wave.</param>
/// <param name="Factor">By how much each wave is larger than the one before it.</param>
/// <param name="Max">The size that no wave exceeds.</param>
/// <param name="RatePerMinute">How many items may begin in a minute; absent for no limit.</param>
/// <param name="StopAtFailureRatio">It pauses when more than this part of a wave failed.</param>
public sealed record BatchPaceView(int First, int Factor, int Max, int? RatePerMinute, decimal StopAtFailureRatio);

/// <summary>How many items are in each state.</summary>
public sealed record BatchCountsView(int Total, int Pending, int Running, int Succeeded, int Failed, int Refused, int Skipped)
{
    internal static BatchCountsView Of(IReadOnlyDictionary<BatchItemState, int> counts) => new(
        counts.Values.Sum(), Count(counts, BatchItemState.Pending), Count(counts, BatchItemState.Running), Count(counts, BatchItemState.Succeeded),
        Count(counts, BatchItemState.Failed), Count(counts, BatchItemState.Refused), Count(counts, BatchItemState.Skipped));

    private static int Count(IReadOnlyDictionary<BatchItemState, int> counts, BatchItemState state) => counts.GetValueOrDefault(state);
}

/// <summary>How many replays that succeeded a scan has looked at, and what it saw.</summary>
/// <param name="Verified">What is outside is as the registry says.</param>
/// <param name="Contradicted">It is not.</param>
/// <param name="Unverified">The scan could not see it.</param>
public sealed record BatchSeenView(int Verified, int Contradicted, int Unverified)
{
    internal static BatchSeenView Of(IReadOnlyDictionary<ReplayStage, int> seen) => new(
        seen.GetValueOrDefault(ReplayStage.Verified), seen.GetValueOrDefault(ReplayStage.Contradicted), seen.GetValueOrDefault(ReplayStage.Unverified));
}

/// <summary>Operations that failed in the same way.</summary>
public sealed record BatchGroupView
{
    /// <summary>The kind of operation.</summary>
    public required string Kind { get; init; }

    /// <summary>The step that failed; absent when none did.</summary>
    public string? Step { get; init; }

    /// <summary>The failure's code; absent for what was cancelled.</summary>
    public string? Code { get; init; }

    /// <summary>The external system that failed.</summary>
    public string? System { get; init; }

    public required int Count { get; init; }

    /// <summary>The address of one of them.</summary>
    public required string Sample { get; init; }

    /// <summary>The address of a page that explains the code.</summary>
    public string? Help { get; init; }

    internal static BatchGroupView Of(BatchGroup group, FailureHelp help) => new()
    {
        Kind = group.Kind, Step = group.Step, Code = group.Code, System = group.System, Count = group.Count, Sample = OperationEndpoints.Address(group.Sample),
        Help = group.Code is { } code ? help.AddressOf(code) : null,
    };
}

/// <summary>One operation, tenant or place of a batch.</summary>
public sealed record BatchItemView
{
    /// <summary>From 1, in the order in which items begin.</summary>
    public required int Number { get; init; }

    /// <summary>Of replays: the address of the operation that is replayed.</summary>
    public string? Replays { get; init; }

    /// <summary>Of replays: the operation's version when the batch was prepared. The replay is refused if it has another one.</summary>
    public long? Version { get; init; }

    /// <summary>Of commands: the tenant that gets the command. Of upgrades: the one whose own place it is; absent for tables that tenants share.</summary>
    public string? TenantId { get; init; }

    /// <summary>Of upgrades: the place.</summary>
    public BatchPlaceView? Place { get; init; }

    /// <summary>Of upgrades: when the place's maintenance window opens, if it was closed. It does not begin before.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Of the rehearsal of an upgrade: which one it is, from 1. A batch that is resumed rehearses again what failed.</summary>
    public int? Rehearsal { get; init; }

    /// <summary>Of upgrades: the backup that was made before, or for the rehearsal. A restore may name it.</summary>
    public Guid? BackupId { get; init; }

    /// <summary>pending, running, succeeded, failed, refused or skipped.</summary>
    public required string State { get; init; }

    /// <summary>The wave in which it began; absent for rehearsals, which come before the first one.</summary>
    public int? Wave { get; init; }

    /// <summary>The address of the operation that carries it out.</summary>
    public string? Operation { get; init; }

    /// <summary>Why it failed or was refused.</summary>
    public FailureView? Failure { get; init; }

    public DateTimeOffset? BegunAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Of a replay that succeeded: verified, contradicted or unverified; absent until a scan has looked at its effect.</summary>
    public ReplayStage? Seen { get; init; }

    internal static BatchItemView Of(BatchItem item, BatchKind kind, FailureHelp help) => new()
    {
        Number = item.Number,
        Replays = kind == BatchKind.Replays ? OperationEndpoints.Address(item.Subject) : null,
        Version = item.Version,
        TenantId = kind == BatchKind.Commands || item.Place is { IsShared: false } ? item.Subject.ToString("d") : null,
        Place = item.Place is { } place ? new(place.Tier.ToString().ToLowerInvariant(), place.Place.Server, place.Place.Database, place.Place.Schema, place.Tenants) : null,
        NotBefore = item.State == BatchItemState.Pending ? item.NotBefore : null,
        Rehearsal = item.Rehearsal,
        BackupId = item.BackupId,
        State = item.State.ToString().ToLowerInvariant(),
        Wave = item.Wave,
        Operation = item.OperationId is { } operation ? OperationEndpoints.Address(operation) : null,
        Failure = FailureView.Of(item.Failure, help),
        BegunAt = item.BegunAt,
        EndedAt = item.EndedAt,
        Seen = kind == BatchKind.Replays ? item.Seen : null,
    };
}

/// <summary>A place whose tables are upgraded.</summary>
/// <param name="Tier">database or schema for one tenant's own, row for tables that tenants share.</param>
/// <param name="Server">The name of the database server.</param>
/// <param name="Database">The database.</param>
/// <param name="Schema">The schema.</param>
/// <param name="Tenants">How many active tenants had it when the batch was prepared.</param>
public sealed record BatchPlaceView(string Tier, string Server, string Database, string Schema, int Tenants);
