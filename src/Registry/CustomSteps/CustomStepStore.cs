using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.CustomSteps;
using Saga.Registry.Audit;
using Saga.Registry.Intake;

namespace Saga.Registry.CustomSteps;

/// <summary>Reads and writes the list of custom steps. Thread-safe.</summary>
public sealed class CustomStepStore(NpgsqlDataSource registry, RegistryClock clock)
{
    private const string Columns = "version, steps::text, digest, set_by, reason, set_at";

    /// <summary>The current list; <see cref="CustomStepSet.None"/> before the first.</summary>
    public async Task<CustomStepSet> CurrentAsync(CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"select {Columns} from custom_steps order by version desc limit 1");
        return await ReadAsync(find, cancellationToken) ?? CustomStepSet.None;
    }

    /// <summary>The version of the current list; 0 before the first.</summary>
    public async Task<int> VersionAsync(CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select coalesce(max(version), 0) from custom_steps");
        return (int)(await find.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<CustomStepSet?> FindAsync(int version, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"select {Columns} from custom_steps where version = $1");
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        return await ReadAsync(find, cancellationToken);
    }

    /// <summary>The digest of the list that last came from a configuration; null when none did.</summary>
    public async Task<string?> ConfiguredDigestAsync(CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select digest from custom_steps where digest is not null order by version desc limit 1");
        return (string?)await find.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Adds the next version, with its audit line.</summary>
    /// <param name="basedOn">The version that it replaces.</param>
    /// <param name="steps">The whole list.</param>
    /// <param name="digest">See <see cref="CustomStepSet.Digest"/>.</param>
    /// <param name="actor">Who puts it, as in the audit log.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="cancellationToken">Honoured until the statement is sent.</param>
    /// <returns>False when another version is the current one. Nothing was written then.</returns>
    public async Task<bool> AddAsync(int basedOn, IReadOnlyList<CustomStep> steps, string? digest, string actor, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            batch.BatchCommands.Add(CommandLedger.Statement(
                """
                insert into custom_steps (version, steps, digest, set_by, reason, set_at)
                select $1 + 1, $2::jsonb, $3, $4, $5, clock_timestamp() + $6 where $1 = (select coalesce(max(version), 0) from custom_steps)
                """,
                basedOn, JsonSerializer.Serialize(steps, Json.Options), digest, actor, reason, clock.Offset));
            if (await batch.ExecuteNonQueryAsync(cancellationToken) == 0)
                return false;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Another list was put at the same moment.
            return false;
        }

        await using var audit = new NpgsqlBatch(connection, transaction);
        audit.BatchCommands.Add(CommandLedger.Statement(
            "insert into audit (at, actor, action, detail, origin, before, after) values (clock_timestamp() + $1, $2, $3, $4::jsonb, $5, $6::jsonb, $7::jsonb)",
            clock.Offset, actor, AuditActions.CustomStepsSet, JsonSerializer.Serialize(new { version = basedOn + 1, steps = steps.Select(s => new { s.Workflow, s.Name }), reason }, Json.Options),
            AuditOrigin.Current, basedOn == 0 ? null : JsonSerializer.Serialize(new { version = basedOn }, Json.Options), JsonSerializer.Serialize(new { version = basedOn + 1 }, Json.Options)));
        await audit.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }

    private static async Task<CustomStepSet?> ReadAsync(NpgsqlCommand find, CancellationToken cancellationToken)
    {
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return !await row.ReadAsync(cancellationToken) ? null : new()
        {
            Version = row.GetInt32(0),
            Steps = JsonSerializer.Deserialize<IReadOnlyList<CustomStep>>(row.GetString(1), Json.Options)!,
            Digest = row.IsDBNull(2) ? null : row.GetString(2),
            SetBy = row.GetString(3),
            Reason = row.IsDBNull(4) ? null : row.GetString(4),
            SetAt = row.GetFieldValue<DateTimeOffset>(5),
        };
    }
}
