using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Batches;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Placements;
using Saga.Registry.Products;

namespace Saga.Lifecycle.Batches;

/// <summary>
/// Validates and prepares batches. What a batch is for is chosen once, so that what somebody looked at is what runs. Thread-safe.
/// </summary>
public sealed class BatchPreparation(BatchStore batches, BatchSubmitter submitter, CommandCatalogue catalogue, UpgradeWindows windows, ProductVersionStore products, PlaceVersionStore versions)
{
    /// <summary>How long a batch that was prepared can be run.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromDays(1);

    // What tells requests of one body apart.
    private const string Upgrades = "upgrades";

    /// <summary>The most tenants that are rehearsed.</summary>
    private const int MostRehearsals = 20;

    private const int MostPerMinute = 6000;
    private const int LargestFactor = 100;
    private const decimal UsualRatio = 0.2m;
    private static readonly string[] ReplayableStates = [.. new[] { OperationState.Stalled, OperationState.Compensated, OperationState.Cancelled }.Select(OperationStateNames.Of)];
    private static readonly string[] PlacedStatuses = ["active", "suspended"];
    private static readonly string[] TenantStatuses = ["provisioning", "active", "suspended", "failed"];

    /// <returns>The batch's id, or why it was refused.</returns>
    public async Task<BatchPrepared> PrepareAsync(PrepareReplays request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (request.Filter is null == request.Ids is null)
            errors.Add(new("/filter", "must be given, or else ids"));
        CheckCount(request.Ids?.Count, "/ids", errors);
        if (request.Filter is { } filter)
        {
            CheckOneOf(filter.State, ReplayableStates, "/filter/state", errors);
            if (filter.Until <= filter.Since)
                errors.Add(new("/filter/until", "must be after since"));
        }

        // A reader of JSON leaves out what is missing, whatever the types say.
        var order = (request.Action ?? new()) with { Skip = request.Action?.Skip ?? [] };
        if (order.Mode == ReplayMode.ForceComplete || order.States is not null)
            errors.Add(new("/action/mode", "must be forward or compensate: what is there is stated for one operation at a time"));
        for (var i = 0; i < order.Skip.Count; i++)
        {
            if (order.Skip[i]?.Step is null || ReasonText.Normalize(order.Skip[i].Reason) is null)
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/action/skip/{i}"), $"needs a step and a reason, which {ReasonText.Rule}"));
        }

        var (pace, reason) = CheckCommon(request.Wave, request.RatePerMinute, request.StopAtFailureRatio, request.Reason, errors);
        if (errors.Count > 0)
            return Invalid(errors);
        return await WriteAsync(
            request, "replays", caller, key, BatchKind.Replays, null, JsonSerializer.SerializeToElement(order, Json.Options), pace!, reason!,
            (batch, unique) => batches.PrepareAsync(batch, unique, request.Filter, request.Ids, order.Mode is { } mode ? JsonNamingPolicy.CamelCase.ConvertName(mode.ToString()) : null, cancellationToken),
            request.Ids is null ? "/filter" : "/ids", "operation", cancellationToken);
    }

    /// <returns>The batch's id, or why it was refused.</returns>
    public async Task<BatchPrepared> PrepareAsync(PrepareCommands request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        var entry = request.Action is null ? null : catalogue.Find(request.Action);
        if (entry is not { ForMany: true })
            errors.Add(new("/action", $"must be one of {string.Join(", ", catalogue.Entries.Where(e => e.ForMany).Select(e => e.Kind).Order(StringComparer.Ordinal))}"));
        if (request.Selector is null == request.Tenants is null)
            errors.Add(new("/selector", "must be given, or else tenants"));
        CheckCount(request.Tenants?.Count, "/tenants", errors);
        CheckOneOf(request.Selector?.Status, TenantStatuses, "/selector/status", errors);
        var input = request.Input is { ValueKind: not JsonValueKind.Null } given ? given.Clone() : JsonSerializer.SerializeToElement(new { });
        if (input.ValueKind != JsonValueKind.Object || !StorableText.IsStorable(input))
            errors.Add(new("/input", "must be a JSON object, without NUL, lone surrogates and escaped names"));
        else if (input.TryGetProperty("tenantId", out _))
            errors.Add(new("/input/tenantId", "is given by the selector"));
        else if (entry is { ForMany: true })
            errors.AddRange((await submitter.Commands(entry).CheckAsync(BatchSubmitter.BodyOf(input, Guid.CreateVersion7()), cancellationToken)).Select(e => new FieldError("/input" + e.Pointer, e.Detail)));
        var (pace, reason) = CheckCommon(request.Wave, request.RatePerMinute, request.StopAtFailureRatio, request.Reason, errors);
        if (errors.Count > 0)
            return Invalid(errors);
        return await WriteAsync(
            request, "commands", caller, key, BatchKind.Commands, entry!.Kind, input, pace!, reason!,
            (batch, unique) => batches.PrepareAsync(batch, unique, request.Selector, request.Tenants, cancellationToken),
            request.Tenants is null ? "/selector" : "/tenants", "tenant", cancellationToken);
    }

    /// <returns>The batch's id, or why it was refused.</returns>
    public async Task<BatchPrepared> PrepareAsync(PrepareUpgrades request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        var newest = await products.NewestAsync(cancellationToken);
        if (UpgradeRules.VersionError(request.TargetVersion, newest) is { } wrong)
            errors.Add(new("/targetVersion", wrong));
        if (request.Selector is not null && request.Tenants is not null)
            errors.Add(new("/tenants", "must not be given together with selector"));
        CheckCount(request.Tenants?.Count, "/tenants", errors);
        CheckOneOf(request.Selector?.Status, PlacedStatuses, "/selector/status", errors);
        // A reader of JSON leaves out what is missing, whatever the types say.
        if (request.Rehearse is { } rehearse && rehearse.Tenants is not { Count: >= 1 and <= MostRehearsals })
            errors.Add(new("/rehearse/tenants", string.Create(CultureInfo.InvariantCulture, $"must have from 1 to {MostRehearsals} elements")));
        var (pace, reason) = CheckCommon(request.Wave, request.RatePerMinute, request.StopAtFailureRatio, request.Reason, errors);
        if (errors.Count > 0)
            return Invalid(errors);
        // Places that have been upgraded since are not found again.
        if (await KnownAsync(KeyOf(request, Upgrades, key), caller, cancellationToken) is { } known)
            return known;
        var now = await batches.NowAsync(cancellationToken);
        var found = await versions.OfAsync(request.Selector, request.Tenants, cancellationToken);
        var chosen = found.Where(p => UpgradeRules.Choose(p, request.TargetVersion, isNamed: request.Tenants is not null) == UpgradeChoice.Upgrade).ToList();
        var chosenBy = request.Tenants is null ? "/selector" : "/tenants";
        var order = new UpgradeOrder(request.TargetVersion, request.BackupFirst ?? false);
        if (order.BackupFirst && chosen.Find(p => p.Tier == IsolationTier.Row) is { } shared)
            return Invalid([new("/backupFirst", $"is not possible for tables that tenants share, such as those on server '{shared.Place.Server}': no backup of one tenant brings them back. Back up their tenants with POST /api/v1/tenants/bulk first, and leave backupFirst out, or choose the tiers schema and database only")]);
        if (chosen.Count == 0)
        {
            return Invalid([new(chosenBy, string.Create(CultureInfo.InvariantCulture,
                $"matches no place to upgrade: of {found.Count}, {found.Count(p => p.Version >= request.TargetVersion)} have version {request.TargetVersion} already, and the others are those of tenants without automatic updates, which must be named"))]);
        }

        var rehearsed = RehearsedOf(request.Rehearse?.Tenants ?? [], chosen, errors);
        if (errors.Count > 0)
            return Invalid(errors);
        ChosenPlace[] places =
        [
            .. rehearsed.Select(p => new ChosenPlace(new(p.Tier, p.Place, p.Tenants), p.Tenant, null) { IsRehearsal = true }),
            .. chosen.Select(p => new ChosenPlace(new(p.Tier, p.Place, p.Tenants), p.Tenant, windows.Of(p, now) is { } window && window.Opens > now ? window.Opens : null)),
        ];
        return await WriteAsync(
            request, Upgrades, caller, key, BatchKind.Upgrades, rehearsed.Count == 0 ? UpgradeWorkflow.Kind : RehearsalPlan.Kind, JsonSerializer.SerializeToElement(order, Json.Options), pace!, reason!,
            (batch, unique) => batches.PrepareAsync(batch, unique, places, cancellationToken), chosenBy, "place", cancellationToken);
    }

    // A tenant that is named twice is rehearsed once.
    private static IReadOnlyList<PlaceVersion> RehearsedOf(IReadOnlyList<string> tenants, List<PlaceVersion> chosen, List<FieldError> errors)
    {
        var rehearsed = new List<PlaceVersion>();
        foreach (var (i, tenant) in tenants.Index())
        {
            if (chosen.Find(p => p.Tenant is { } id && (p.Slug == tenant || id.ToString() == tenant)) is not { } place)
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/rehearse/tenants/{i}"), "must be the id or slug of a tenant whose own place this upgrades, in the tier schema or database. Tables that tenants share cannot be rehearsed"));
            else if (!rehearsed.Contains(place))
                rehearsed.Add(place);
        }

        return rehearsed;
    }

    private async Task<BatchPrepared> WriteAsync(
        object request, string kind, Caller caller, string? key, BatchKind batchKind, string? action, JsonElement input, BatchPace pace, string reason,
        Func<Batch, IdempotencyKey?, Task<int>> prepare, string chosenBy, string of, CancellationToken cancellationToken)
    {
        var unique = KeyOf(request, kind, key);
        if (await KnownAsync(unique, caller, cancellationToken) is { } known)
            return known;
        var now = await batches.NowAsync(cancellationToken);
        var batch = new Batch
        {
            Id = Guid.CreateVersion7(now), Kind = batchKind, State = BatchState.Prepared, Action = action, Input = input, Pace = pace, Reason = reason,
            PreparedBy = caller.ToString(), CreatedAt = now, ExpiresAt = now + Lasts,
        };
        try
        {
            return await prepare(batch, unique) switch
            {
                0 => Invalid([new(chosenBy, $"matches no {of}")]),
                > BatchStore.MostItems => Invalid([new(chosenBy, string.Create(CultureInfo.InvariantCulture, $"matches more than {BatchStore.MostItems} {of}s. Choose fewer"))]),
                _ => new BatchPrepared.As(batch.Id),
            };
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation && unique is not null)
        {
            return await KnownAsync(unique, caller, cancellationToken) ?? throw new InvalidOperationException("The idempotency key was used, and then it was not.", error);
        }
    }

    private static IdempotencyKey? KeyOf(object request, string kind, string? key) =>
        key is null ? null : new(key, SHA256.HashData([.. System.Text.Encoding.ASCII.GetBytes(kind), .. JsonSerializer.SerializeToUtf8Bytes(request, Json.Options)]));

    private async Task<BatchPrepared?> KnownAsync(IdempotencyKey? key, Caller caller, CancellationToken cancellationToken)
    {
        if (key is null || await batches.FindAsync(caller.ToString(), key.Text, cancellationToken) is not { } known)
            return null;
        return known.Hash.AsSpan().SequenceEqual(key.CommandHash)
            ? new BatchPrepared.As(known.Id)
            : new BatchPrepared.Refused(new() { Code = RejectionCodes.IdempotencyKeyReused, Detail = "This idempotency key was used for another batch. Use a new key for a new batch." });
    }

    private static (BatchPace? Pace, string? Reason) CheckCommon(BatchWave? wave, int? perMinute, decimal? ratio, string? text, List<FieldError> errors)
    {
        var before = errors.Count;
        var reason = ReasonText.Normalize(text);
        if (reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        var first = wave?.First ?? 1;
        var (factor, max) = (wave?.Factor ?? 5, wave?.Max ?? BatchStore.MostItems);
        if (first is < 1 or > BatchStore.MostItems)
            errors.Add(new("/wave/first", string.Create(CultureInfo.InvariantCulture, $"must be from 1 to {BatchStore.MostItems}")));
        if (factor is < 1 or > LargestFactor)
            errors.Add(new("/wave/factor", string.Create(CultureInfo.InvariantCulture, $"must be from 1 to {LargestFactor}")));
        if (max < first || max > BatchStore.MostItems)
            errors.Add(new("/wave/max", string.Create(CultureInfo.InvariantCulture, $"must be from first to {BatchStore.MostItems}")));
        if (perMinute is < 1 or > MostPerMinute)
            errors.Add(new("/ratePerMinute", string.Create(CultureInfo.InvariantCulture, $"must be from 1 to {MostPerMinute}")));
        if (ratio is < 0 or > 1)
            errors.Add(new("/stopAtFailureRatio", "must be from 0 to 1"));
        return errors.Count > before ? (null, reason) : (new(first, factor, max, perMinute, ratio ?? UsualRatio), reason);
    }

    private static void CheckCount(int? count, string pointer, List<FieldError> errors)
    {
        if (count is 0 or > BatchStore.MostItems)
            errors.Add(new(pointer, string.Create(CultureInfo.InvariantCulture, $"must have from 1 to {BatchStore.MostItems} elements")));
    }

    private static void CheckOneOf(string? value, string[] words, string pointer, List<FieldError> errors)
    {
        if (value is not null && !words.Contains(value, StringComparer.Ordinal))
            errors.Add(new(pointer, $"must be one of {string.Join(", ", words)}"));
    }

    private static BatchPrepared.Refused Invalid(IReadOnlyList<FieldError> errors) =>
        new(new() { Code = RejectionCodes.Validation, Detail = "The batch breaks a rule: see errors.", Errors = errors });
}

/// <summary>What came of preparing a batch.</summary>
public abstract record BatchPrepared
{
    private BatchPrepared()
    {
    }

    public sealed record As(Guid Id) : BatchPrepared;

    public sealed record Refused(OperationRejected Rejection) : BatchPrepared;
}
