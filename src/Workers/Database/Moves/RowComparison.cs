using System.Globalization;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Compares the number of a tenant's rows and their sum in two places, table by table. The tenant is read-only or closed meanwhile, so both
/// stand still. Thread-safe.
/// </summary>
internal sealed class RowComparison(DatabaseServers servers)
{
    /// <exception cref="StepFailureException">A table cannot be compared, or is in one place only.</exception>
    public async Task<ComparedRows> RunAsync(StepContext context, TenantPlacement from, TenantPlacement to, CancellationToken cancellationToken)
    {
        var asText = await AsTextAsync(from.Place, to.Place, cancellationToken);
        return Compare(await ReadAsync(context, from, asText, cancellationToken), await ReadAsync(context, to, asText, cancellationToken), from.Place, to.Place);
    }

    /// <summary>The same with a database that is no tenant's, in which nothing is written.</summary>
    /// <param name="context">The step.</param>
    /// <param name="from">Where the rows come from.</param>
    /// <param name="to">The tenant's place.</param>
    /// <param name="list">Lists the tables, given a session in the source and one in the place.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public async Task<ComparedRows> RunAsync(
        StepContext context, Placement from, TenantPlacement to, Func<MoveSession, ServerSession, Task<IReadOnlyList<MovedTable>>> list, CancellationToken cancellationToken)
    {
        var asText = await AsTextAsync(from, to.Place, cancellationToken);
        await using var source = await servers.OpenAsync(from.Server, from.Database, cancellationToken);
        await using var target = await servers.OpenAsync(to.Place.Server, to.Place.Database, cancellationToken);
        await using var reading = await MoveSession.BeginSourceAsync(source, cancellationToken);
        var tables = await list(reading, target);
        await using var copied = await MoveSession.BeginAsync(target, isReader: true, cancellationToken);
        return Compare(
            await ReadAsync(context, reading, from, tables, asText, cancellationToken),
            await ReadAsync(context, copied, to.Place, [.. tables.Select(t => t with { LacksTenant = false })], asText, cancellationToken), from, to.Place);
    }

    private static ComparedRows Compare(IReadOnlyDictionary<string, RowFingerprint> source, IReadOnlyDictionary<string, RowFingerprint> target, Placement from, Placement to)
    {
        var differing = source.Keys.Concat(target.Keys).FirstOrDefault(t => source.GetValueOrDefault(t) != target.GetValueOrDefault(t));
        return new(source.Count, source.Values.Sum(t => t.Rows))
        {
            Target = target,
            Difference = differing is null ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"Table '{differing}' differs: {Rows(source, differing)} in database '{from.Database}' on server '{from.Server}', {Rows(target, differing)} in '{to.Database}' on '{to.Server}'."),
        };
    }

    /// <summary>The rows of each table in a place, to compare them later by <see cref="SinceAsync"/>.</summary>
    public Task<IReadOnlyDictionary<string, RowFingerprint>> ReadAsync(StepContext context, TenantPlacement place, CancellationToken cancellationToken) =>
        ReadAsync(context, place, asText: false, cancellationToken);

    /// <summary>Compares a place with what was in it, or in another one on the same server, earlier.</summary>
    /// <returns>The first difference, for people; null when there is none.</returns>
    public async Task<string?> SinceAsync(StepContext context, TenantPlacement place, IReadOnlyDictionary<string, RowFingerprint> then, CancellationToken cancellationToken)
    {
        var now = await ReadAsync(context, place, asText: false, cancellationToken);
        return now.Keys.Concat(then.Keys).FirstOrDefault(t => now.GetValueOrDefault(t) != then.GetValueOrDefault(t)) is not { } differing ? null : string.Create(
            CultureInfo.InvariantCulture, $"Table '{differing}' differs: {Rows(now, differing)} now, {Rows(then, differing)} then.");
    }

    private static string Rows(IReadOnlyDictionary<string, RowFingerprint> tables, string table) =>
        tables.TryGetValue(table, out var found) ? string.Create(CultureInfo.InvariantCulture, $"{found.Rows} rows with the sum {found.Sum:x16}") : "no such table";

    private async Task<bool> AsTextAsync(Placement from, Placement to, CancellationToken cancellationToken) =>
        await VersionAsync(from, cancellationToken) != await VersionAsync(to, cancellationToken);

    private async Task<int> VersionAsync(Placement place, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(place.Server, DatabaseServers.Maintenance, cancellationToken);
        return await session.ScalarAsync<int>("select current_setting('server_version_num')::int / 10000", cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, RowFingerprint>> ReadAsync(StepContext context, TenantPlacement placement, bool asText, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(placement.Place.Server, placement.Place.Database, cancellationToken);
        var tables = await MovedTables.ListAsync(session, placement, cancellationToken);
        await using var reading = await MoveSession.BeginAsync(session, isReader: true, cancellationToken);
        return await ReadAsync(context, reading, placement.Place, tables, asText, cancellationToken);
    }

    private static async Task<IReadOnlyDictionary<string, RowFingerprint>> ReadAsync(
        StepContext context, MoveSession reading, Placement place, IReadOnlyList<MovedTable> tables, bool asText, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, RowFingerprint>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            found[table.Name] = await RowFingerprints.ReadAsync(reading, place.Schema, table, context.TenantId.Value, asText, cancellationToken);
            context.Report(found.Count, tables.Count, "tables", $"comparing {table.Name} on {place.Server}");
        }

        return found;
    }
}

/// <param name="Tables">How many tables were compared.</param>
/// <param name="Rows">How many rows the tenant has in them.</param>
internal sealed record ComparedRows(int Tables, long Rows)
{
    /// <summary>The rows of each table in the second place.</summary>
    public required IReadOnlyDictionary<string, RowFingerprint> Target { get; init; }

    /// <summary>The first difference, for people; null when there is none.</summary>
    public string? Difference { get; init; }
}
