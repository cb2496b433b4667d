using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine;
using Saga.Registry;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;
using Saga.Registry.Replays;

namespace Saga.Tests.Support.EnginePort;

/// <summary>The product's stores on PostgreSQL.</summary>
internal sealed class SqlOperatorPort(NpgsqlDataSource registry, RegistryClock clock, RegistryNotifier notifier, IAcceptanceStore acceptances) : IOperatorPort
{
    private readonly BatchStore batches = new(registry, clock);
    private readonly ReplayStore replays = new(registry, EngineLevel.Current, notifier, clock);

    public Task<int> PrepareReplaysAsync(Batch batch, IReadOnlyList<Guid> operations, ReplayMode? mode) =>
        batches.PrepareAsync(batch, null, filter: null, operations, mode is { } word ? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(word.ToString()) : null, default);

    public Task<int> PrepareCommandsAsync(Batch batch, IReadOnlyList<Guid> tenants) => batches.PrepareAsync(batch, null, selector: null, [.. tenants.Select(t => t.ToString("d"))], default);

    public Task<AcceptanceConflict?> RunAsync(Guid batch, Func<DateTimeOffset, Acceptance> decide) => acceptances.AcceptAsync(
        null,
        (_, now) =>
        {
            var acceptance = decide(now);
            return acceptance with { Effects = [BatchStore.RunCommand(batch, acceptance.OperationId, acceptance.Caller, asOperator: false, acceptance.At)] };
        },
        default);

    public Task<string?> OrderAsync(Guid batch, BatchOrder order, string actor, string reason) => batches.OrderAsync(batch, order, actor, reason, default);

    public Task<Batch?> FindAsync(Guid batch) => batches.FindAsync(batch, default);

    public async Task<IReadOnlyList<BatchItem>> ItemsAsync(Guid batch) => (await batches.ListItemsAsync(batch, null, null, null, BatchStore.MostItems, default)).Items;

    public Task<ReplayReading?> ReplayAsync(ReplayOperation command, string actor, Guid? parent = null) => replays.WriteAsync(command, actor, _ => true, claim: null, followUps: null, parent, default);

    public Task<EndedOperation?> FindEndedAsync(Guid operation) => replays.FindEndedAsync(operation, default);
}
