using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Copies the restored rows to the place of a tenant that comes back, and compares them. Another attempt begins again.</summary>
internal sealed class FillRevivedStep(RestoredDatabases databases, RowTransfer transfer, RowComparison comparison) : IStep
{
    public string Name => StepNames.FillRevived;

    public IReadOnlyList<string> Needs => [StepNames.VerifyRestored];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = DatabaseStep.PlacementOf(context.Tenant);
        var database = await databases.RequireAsync(context, cancellationToken);
        var restored = place with { Place = new(database.Server, database.Database, context.Output<RestoredOutput>(StepNames.VerifyRestored).Schema) };
        await transfer.RunAsync(context, restored, place, cancellationToken);
        var compared = await comparison.RunAsync(context, restored, place, cancellationToken);
        return compared.Difference is null ? new { compared.Tables, compared.Rows } : throw StepFailureException.Permanent(
            "rows-differ", $"The copy is not what was restored. {compared.Difference}", "Find out who writes to one of the places, then send the command again.");
    }

    /// <summary>The rows are removed by the compensation of the step that created the place.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
