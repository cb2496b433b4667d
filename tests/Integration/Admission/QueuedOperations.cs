using Dapper;
using Npgsql;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Admission;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Admission;

/// <summary>Accepted operations that wait for a slot.</summary>
internal static class QueuedOperations
{
    public static async Task<Guid> QueueAsync(
        NpgsqlDataSource registry, WorkflowDefinition workflow, OperationPriority priority = OperationPriority.Interactive)
    {
        var operation = await EngineHost.SubmitAsync(registry, workflow);
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            delete from outbox;
            update operations set slot = 'queued', next_due_at = null, slot_since = clock_timestamp(), priority = @priority where id = @operation
            """,
            new { operation, priority = priority.ToString().ToLowerInvariant() });
        return operation;
    }

    public static async Task<List<Guid>> QueueAsync(
        NpgsqlDataSource registry, WorkflowDefinition workflow, int count, OperationPriority priority = OperationPriority.Interactive)
    {
        var operations = new List<Guid>();
        for (var i = 0; i < count; i++)
            operations.Add(await QueueAsync(registry, workflow, priority));
        return operations;
    }

    public static async Task<IReadOnlyList<Guid>> AdmitAsync(this IAdmissionStore store, int slots) =>
        [.. (await store.AdmitAsync(slots, TimeSpan.FromMinutes(1), default)).Operations.Select(o => o.Id)];
}
