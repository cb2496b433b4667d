using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Requires that the new place has the rows of the former one.</summary>
internal sealed class CompareRowsStep(MovePlaces places, RowComparison comparison) : IStep
{
    public string Name => StepNames.CompareRows;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Input<MigrateTenant>().MigrationOptions?.PreserveData == false)
            return new { Rows = 0 };
        var from = await places.FromAsync(context, StepNames.ReserveMove, cancellationToken);
        var compared = await comparison.RunAsync(context, from, await places.ToAsync(context, StepNames.ReserveMove, cancellationToken), cancellationToken);
        return compared.Difference is null ? new { compared.Tables, compared.Rows } : throw StepFailureException.Permanent(
            "rows-differ", $"The copy is not what was copied. {compared.Difference}", "Find out who writes to one of the places, then send the command again.");
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
