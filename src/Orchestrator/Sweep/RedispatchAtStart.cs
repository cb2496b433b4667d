using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Orchestrator.Outbox;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// For the in-memory bus only: what was in flight when the process ended is gone, so every unfinished operation is
/// told to send it again.
/// </summary>
internal sealed class RedispatchAtStart(NpgsqlDataSource registry, OutboxSender sender) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var unfinished = await connection.QueryAsync<(Guid Id, string? TraceParent)>(
            new CommandDefinition("select id, traceparent from operations where state in ('accepted', 'running', 'compensating')", cancellationToken: cancellationToken));
        foreach (var (operation, trace) in unfinished)
        {
            await sender.SendAsync(
                new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationForgotten { OperationId = operation }, trace), cancellationToken);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
