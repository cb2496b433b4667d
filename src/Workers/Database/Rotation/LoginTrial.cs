using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Rotation;

/// <summary>
/// Uses a login that runtimes do not see yet as they would: signs in, reads the tenant's rows and writes one, which is rolled back. Also
/// looks for rights that no tenant's login has. Thread-safe.
/// </summary>
internal sealed class LoginTrial(TenantConnections connections, ConnectionBudgets budgets, IOptions<TenantConnectionsOptions> options)
{
    /// <exception cref="StepFailureException">The login cannot do what it must, or may do more.</exception>
    public async Task RunAsync(StepContext context, TenantPlacement placement, Credential credential, CancellationToken cancellationToken)
    {
        var server = placement.Place.Server;
        try
        {
            await using var reserved = await budgets.Of(server).ReserveAsync(1, cancellationToken);
            var login = new NpgsqlConnectionStringBuilder(await connections.ConnectionStringAsync(context.TenantId, cancellationToken))
            {
                Database = placement.Place.Database,
                Username = credential.Username,
                Password = credential.Password,
                MaxPoolSize = 1,
            };
            var pool = connections.Create(context.TenantId, placement.Place.Schema, placement.Epoch, login.ConnectionString);
            await using var source = pool.Source;
            await using var session = await TenantSession.BeginAsync(pool, options.Value, cancellationToken);
            if (await PlaceVerification.FindAsync(session, cancellationToken) is { } forbidden)
                throw Broken(credential, $"it may {forbidden}");
            var reach = await LoginReach.ReadAsync(session, placement.Place.Schema, placement.Tier == IsolationTier.Row, cancellationToken);
            if (Excess(reach) is { } excess)
                throw Broken(credential, excess);
            await using var tried = new NpgsqlCommand(
                $"insert into {reach.Probe} (key, value) values ('saga.rotation', 'true') on conflict (tenant_id, key) do nothing", session.Connection, session.Transaction);
            await tried.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (TimeoutException error)
        {
            throw DatabaseFailures.NoConnectionFree(server, error);
        }
        catch (TenantUnavailableException error)
        {
            throw StepFailureException.Permanent("database-missing", error.Message, "Verify the tenant, and repair what is missing.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PlaceStates.Closed or PlaceStates.Moved or PlaceStates.ReadOnly)
        {
            throw StepFailureException.Permanent(
                "login-unusable", $"The new login '{credential.Username}' cannot use the tenant's rows: {error.MessageText}", "Verify the tenant, and repair what is missing. Then send the command again.",
                DatabaseFailures.System(server), error);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(server, error);
        }
    }

    private static string? Excess(LoginReach reach) => reach switch
    {
        { Schema: { } schema } => $"it may use schema '{schema}'",
        { Excess: { } table } => $"it has rights on table '{table}' that it must not have",
        { Becomes: { } role } => $"it may become role '{role}'",
        { Changed: { } changed } => $"settings of its roles were changed ({changed})",
        { OpenDatabases: [{ } open, ..] } => $"it may connect to database '{open}'",
        _ => null,
    };

    private static StepFailureException Broken(Credential credential, string what) => StepFailureException.Permanent(
        "isolation-broken", $"The new login '{credential.Username}' is not isolated from other tenants: {what}.", "Verify the tenant, and close what it names. Then send the command again.");
}
