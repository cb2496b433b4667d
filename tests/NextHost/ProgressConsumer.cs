using System.Text.Json;
using Dapper;
using MassTransit;
using Npgsql;
using Saga.Contracts;

namespace Saga.Tests.NextHost;

/// <summary>Stores progress messages where the test can count them.</summary>
internal sealed class ProgressConsumer<T>(NpgsqlDataSource registry) : IConsumer<T>
    where T : class
{
    public async Task Consume(ConsumeContext<T> context)
    {
        var message = JsonSerializer.SerializeToElement(context.Message, Json.Options);
        await using var connection = await registry.OpenConnectionAsync(context.CancellationToken);
        await connection.ExecuteAsync(
            "insert into progress (operation_id, step) values (@operation, @step) on conflict do nothing",
            new { operation = message.GetProperty("operationId").GetGuid(), step = message.GetProperty("step").GetString() });
    }
}
