using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>Copies the rows that are going to be replaced to the place that keeps them, and compares the copy. Another attempt begins again.</summary>
internal sealed class FillKeptStep(ReplacedPlaces places, RowTransfer transfer, RowComparison comparison) : IStep
{
    public string Name => StepNames.FillKept;

    public IReadOnlyList<string> Needs => [StepNames.ReserveKept];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await places.FindAsync(context, cancellationToken);
        await places.RequireNotReplacedAsync(context, kept, cancellationToken);
        await transfer.RunAsync(context, current, kept, cancellationToken);
        var compared = await comparison.RunAsync(context, current, kept, cancellationToken);
        return compared.Difference is null ? new KeptRowsOutput { Tables = compared.Tables, Rows = compared.Rows } : throw StepFailureException.Permanent(
            "rows-differ", $"The copy is not what was copied. {compared.Difference}", "Find out who writes to one of the places, then send the command again.");
    }

    /// <summary>The place is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
