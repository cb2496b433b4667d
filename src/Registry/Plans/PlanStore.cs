using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;

namespace Saga.Registry.Plans;

/// <summary>Reads plans. Thread-safe.</summary>
public sealed class PlanStore(NpgsqlDataSource registry)
{
    private const string Select = "select v.name, v.version, v.definition::text from plan_versions v";
    private const string Current = $"{Select} join plans p on p.name = v.name and p.current_version = v.version";

    /// <summary>The current version of each plan, by name.</summary>
    public async Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(string, int, string)>(new CommandDefinition($"{Current} order by v.name", cancellationToken: cancellationToken));
        return [.. rows.Select(Read)];
    }

    /// <summary>The current version of a plan; null when there is no such plan.</summary>
    public Task<Plan?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        FindAsync($"{Current} where v.name = @name", new { name }, cancellationToken);

    /// <summary>One version of a plan, such as the one that a tenant runs on; null when there is none.</summary>
    public Task<Plan?> FindAsync(string name, int version, CancellationToken cancellationToken = default) =>
        FindAsync($"{Select} where v.name = @name and v.version = @version", new { name, version }, cancellationToken);

    /// <summary>That version of a plan; the current one when none is named. Null when there is none.</summary>
    public Task<Plan?> FindOrCurrentAsync(string name, int? version, CancellationToken cancellationToken = default) =>
        version is { } named ? FindAsync(name, named, cancellationToken) : FindAsync(name, cancellationToken);

    /// <summary>Every version of a plan, newest first.</summary>
    public async Task<IReadOnlyList<PlanVersion>> VersionsAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(int Version, string? Note, string By, DateTime At, long Tenants)>(new CommandDefinition(
            """
            select v.version, v.note, v.created_by, v.created_at, (
                select count(*) from tenants t where t.plan = v.name and t.plan_version = v.version and t.status not in ('failed', 'deprovisioned'))
            from plan_versions v where v.name = @name order by v.version desc
            """,
            new { name }, cancellationToken: cancellationToken));
        return [.. rows.Select(r => new PlanVersion { Version = r.Version, Note = r.Note, CreatedBy = r.By, CreatedAt = new DateTimeOffset(r.At, TimeSpan.Zero), Tenants = r.Tenants })];
    }

    internal static Plan Read((string Name, int Version, string Definition) row) =>
        JsonSerializer.Deserialize<Plan>(row.Definition, Json.Options)! with { Version = row.Version };

    private async Task<Plan?> FindAsync(string sql, object values, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(string, int, string)>(new CommandDefinition(sql, values, cancellationToken: cancellationToken));
        return rows.Select(Read).FirstOrDefault();
    }
}
