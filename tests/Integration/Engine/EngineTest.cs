using Dapper;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Engine.Workflows;
using Saga.Messaging;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Engine;

/// <summary>Common parts of the engine's scenarios.</summary>
internal static class EngineTest
{
    /// <summary>The workflow with every step changed.</summary>
    public static WorkflowDefinition Each(this WorkflowDefinition workflow, Func<StepDefinition, StepDefinition> change) =>
        workflow with { Steps = [.. workflow.Steps.Select(change)] };

    /// <summary>Sends a message to a queue like any sender on the bus.</summary>
    public static async Task SendAsync(this EngineHost host, string queue, object message, Guid? id = null)
    {
        var endpoint = await host.Services.GetRequiredService<IBus>().GetSendEndpoint(host.Services.GetRequiredService<BusAddresses>().Queue(queue));
        await endpoint.Send(message, message.GetType(), Pipe.Execute<SendContext>(c => c.MessageId = id ?? c.MessageId));
    }

    public static async Task<T?> ScalarAsync<T>(this NpgsqlDataSource registry, string sql, object? parameters = null)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public static async Task ExecuteAsync(this NpgsqlDataSource registry, string sql, object? parameters = null)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
