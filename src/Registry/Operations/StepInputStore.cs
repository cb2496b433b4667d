using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Registry.Operations;

/// <summary>Reads the inputs of steps from the registry.</summary>
public sealed class StepInputStore(NpgsqlDataSource registry) : IStepInputStore
{
    public async Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken)
    {
        if (needs.Count == 0 && !command)
            return StepInputs.None;
        await using var find = registry.CreateCommand(
            """
            select case when $2 then o.input end, s.step, s.output
            from operations o left join operation_steps s on s.operation_id = o.id and s.step = any($3) and s.output is not null
            where o.id = $1
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        find.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = command });
        find.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. needs.SelectMany(StepAliases.Spellings)] });
        JsonElement? input = null;
        var outputs = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        await using var rows = await find.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            input ??= rows.IsDBNull(0) ? null : JsonElement.Parse(rows.GetString(0));
            if (!rows.IsDBNull(1))
                outputs[StepAliases.Current(rows.GetString(1))] = JsonElement.Parse(rows.GetString(2));
        }

        return new() { Asked = needs, Command = input, Outputs = outputs };
    }

    public async Task<PlannedStep?> FindAsync(Guid operation, string step, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select o.kind, o.created_at, s.value::text from operations o join workflows w on w.digest = o.workflow_digest, jsonb_array_elements(w.definition -> 'steps') s
            where o.id = $1 and s.value ->> 'name' = $2
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = step });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), JsonSerializer.Deserialize<StepDefinition>(row.GetString(2), Json.Options)!)
            : null;
    }
}
