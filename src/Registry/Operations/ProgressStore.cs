using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Engine.Operations;

namespace Saga.Registry.Operations;

/// <summary>Reads how far steps have come. Thread-safe.</summary>
public sealed class ProgressStore(NpgsqlDataSource registry)
{
    /// <summary>The progress of many operations' running steps in one query, each after its own time.</summary>
    /// <returns>Progress with the index of the request that it belongs to, oldest first.</returns>
    public async Task<IReadOnlyList<(int Asked, ProgressLine Line)>> ReadAsync(
        IReadOnlyList<(Guid Operation, DateTimeOffset After)> asked, CancellationToken cancellationToken = default)
    {
        await using var command = registry.CreateCommand(
            $"""
            select (a.position - 1)::int, s.step, s.attempt, s.progress, s.progressed_at
            from unnest($1, $2) with ordinality as a(operation, after, position)
            join operation_steps s on s.operation_id = a.operation and s.progressed_at > a.after
            where s.progress is not null and s.status in ({StepStatusSql.Dispatched})
            order by s.progressed_at
            """);
        command.Parameters.Add(new() { Value = asked.Select(a => a.Operation).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = asked.Select(a => a.After).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        var found = new List<(int, ProgressLine)>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            found.Add((rows.GetInt32(0), new(
                rows.GetString(1), rows.GetInt32(2), JsonSerializer.Deserialize<StepProgress>(rows.GetString(3), Json.Options)!, rows.GetFieldValue<DateTimeOffset>(4))));
        }

        return found;
    }
}

/// <summary>How far one step has come, and when its worker said so.</summary>
public sealed record ProgressLine(string Step, int Attempt, StepProgress Progress, DateTimeOffset At);
