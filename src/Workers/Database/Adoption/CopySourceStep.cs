using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// Copies the rows of a product without tenants into the tables that tenants share, as the tenant's. Everything that is read is of one moment, and
/// nothing is written in the source. Another attempt begins again.
/// </summary>
internal sealed class CopySourceStep(RowTransfer transfer) : IStep
{
    public string Name => StepNames.CopySource;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (source, to) = (AdoptionSource.Of(context), DatabaseStep.PlacementOf(context.Tenant));
        try
        {
            return await transfer.RunAsync(
                context, source.Placement.Place, to, (reading, target) => SourceTables.RequireAsync(reading, source, target, to, cancellationToken), cancellationToken);
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException refusal && refusal.SqlState[..2] is "22" or "23")
        {
            throw StepFailureException.Permanent("rows-refused", Words(refusal, source.Database), "Correct these rows in the source, then send the command again.", DatabaseFailures.System(to.Place.Server), error);
        }
    }

    /// <summary>The rows go with the compensation of the step that created the tenant's place.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    // Without the server's details, which have values of the row.
    private static string Words(PostgresException refusal, string database)
    {
        var where = (refusal.TableName, refusal.ColumnName, refusal.ConstraintName) switch
        {
            ({ } table, { } column, _) => $"table '{table}', column '{column}'",
            ({ } table, _, { } constraint) => $"table '{table}', constraint '{constraint}'",
            _ => "a table",
        };
        var why = refusal.SqlState switch
        {
            PostgresErrorCodes.UniqueViolation => "two of them have the same key",
            PostgresErrorCodes.NotNullViolation => "a value is missing",
            PostgresErrorCodes.CheckViolation => "a check of the product refuses them",
            _ => $"SQLSTATE {refusal.SqlState}",
        };
        return $"Rows of database '{database}' do not fit into the tables that tenants share: {where}, {why}.";
    }
}
