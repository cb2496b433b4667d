using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>Requires that the tenant has the rows that the source has now.</summary>
internal sealed class CompareSourceStep(RowComparison comparison) : IStep
{
    public string Name => StepNames.CompareSource;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (source, to) = (AdoptionSource.Of(context), DatabaseStep.PlacementOf(context.Tenant));
        var compared = await comparison.RunAsync(
            context, source.Placement.Place, to, (reading, target) => SourceTables.RequireAsync(reading, source, target, to, cancellationToken), cancellationToken);
        return compared.Difference is null ? new ComparedSourceOutput { Tables = compared.Tables, Rows = compared.Rows } : throw StepFailureException.Permanent(
            "rows-differ", $"The copy is not what is in the source. {compared.Difference}", "Stop the processes that write to the source, then send the command again.");
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
