using System.Globalization;
using Saga.Registry.Placements;
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
        var asText = await VersionAsync(from, cancellationToken) != await VersionAsync(to, cancellationToken);
        var (source, target) = (await ReadAsync(context, from, asText, cancellationToken), await ReadAsync(context, to, asText, cancellationToken));
        var differing = source.Keys.Concat(target.Keys).FirstOrDefault(t => source.GetValueOrDefault(t) != target.GetValueOrDefault(t));
        return new(source.Count, source.Values.Sum(t => t.Rows))
        {
            Target = target,
            Difference = differing is null ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"Table '{differing}' differs: {Rows(source, differing)} in database '{from.Place.Database}' on server '{from.Place.Server}', {Rows(target, differing)} in '{to.Place.Database}' on '{to.Place.Server}'."),
        };
    }

    /// <summary>Compares a place with what was in it earlier.</summary>
    /// <returns>The first difference, for people; null when there is none.</returns>
    public async Task<string?> SinceAsync(StepContext context, TenantPlacement place, IReadOnlyDictionary<string, RowFingerprint> then, CancellationToken cancellationToken)
    {
        var now = await ReadAsync(context, place, asText: false, cancellationToken);
        return now.Keys.Concat(then.Keys).FirstOrDefault(t => now.GetValueOrDefault(t) != then.GetValueOrDefault(t)) is not { } differing ? null : string.Create(
            CultureInfo.InvariantCulture, $"Table '{differing}' differs: {Rows(now, differing)} now, {Rows(then, differing)} then.");
    }

    private static string Rows(IReadOnlyDictionary<string, RowFingerprint> tables, string table) =>
        tables.TryGetValue(table, out var found) ? string.Create(CultureInfo.InvariantCulture, $"{found.Rows} rows with the sum {found.Sum:x16}") : "no such table";

    private async Task<int> VersionAsync(TenantPlacement placement, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(placement.Place.Server, DatabaseServers.Maintenance, cancellationToken);
        return await session.ScalarAsync<int>("select current_setting('server_version_num')::int / 10000", cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, RowFingerprint>> ReadAsync(StepContext context, TenantPlacement placement, bool asText, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(placement.Place.Server, placement.Place.Database, cancellationToken);
        var tables = await MovedTables.ListAsync(session, placement, cancellationToken);
        await using var reading = await MoveSession.BeginAsync(session, isReader: true, cancellationToken);
        var found = new SortedDictionary<string, RowFingerprint>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            found[table.Name] = await RowFingerprints.ReadAsync(reading, placement.Place.Schema, table, context.TenantId.Value, asText, cancellationToken);
            context.Report(found.Count, tables.Count, "tables", $"comparing {table.Name} on {placement.Place.Server}");
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
