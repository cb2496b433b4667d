using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;

namespace Saga.Registry.Plans;

/// <summary>Reads plans. Thread-safe.</summary>
public sealed class PlanStore(NpgsqlDataSource registry)
{
    public async Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<string>(
            new CommandDefinition("select definition::text from plans order by name", cancellationToken: cancellationToken));
        return [.. rows.Select(Read)];
    }

    public async Task<Plan?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<string>(
            new CommandDefinition("select definition::text from plans where name = @name", new { name }, cancellationToken: cancellationToken));
        return row is null ? null : Read(row);
    }

    private static Plan Read(string definition) => JsonSerializer.Deserialize<Plan>(definition, Json.Options)!;
}
