using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Replicas;

/// <summary>
/// Uses a read-only login on a replica as runtimes would: signs in and reads the tenant's rows. Also tries what must fail, and looks for rights
/// that the login must not have. Needs no administrator. Thread-safe.
/// </summary>
internal sealed class ReplicaTrial(
    TenantConnections connections, ConnectionBudgets budgets, IOptions<TenantConnectionsOptions> limits, IOptions<ReplicaOptions> options, TimeProvider time)
{
    private static readonly Guid Canary = Guid.Empty;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <param name="tenant">The tenant.</param>
    /// <param name="server">The server of its place.</param>
    /// <param name="replica">The replica, with the login.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    /// <exception cref="StepFailureException">The login cannot read the rows, or may do more.</exception>
    public async Task RunAsync(TenantId tenant, string server, TenantReplica replica, CancellationToken cancellationToken)
    {
        var name = DatabaseServers.ReplicaName(server, replica.Name);
        using var waiting = ExternalCalls.Begin(DatabaseFailures.System(name));
        try
        {
            await using var reserved = await budgets.Of(name).ReserveAsync(cancellationToken);
            var pool = connections.Create(tenant, replica.Schema, replica.Epoch, new NpgsqlConnectionStringBuilder(replica.ConnectionString) { MaxPoolSize = 1 }.ConnectionString);
            await using var source = pool.Source;
            await using var session = await EnterAsync(pool, cancellationToken);
            await CheckAsync(session, tenant, server, replica, cancellationToken);
        }
        catch (TimeoutException error)
        {
            throw DatabaseFailures.NoConnectionFree(name, error);
        }
        catch (PostgresException error) when (FollowsLate(error))
        {
            throw StepFailureException.Transient(
                "replica-login-refused",
                string.Create(CultureInfo.InvariantCulture, $"Replica '{replica.Name}' of database server '{server}' has refused the tenant's read-only login for {options.Value.ReplicaWaitSeconds} s: {error.MessageText}"),
                "See whether the replica is behind. Otherwise turn the tenant's read replica off and on again.", DatabaseFailures.System(name), error);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(name, error);
        }
    }

    // What was made or opened a moment ago may not be on the replica yet.
    private async Task<TenantSession> EnterAsync(TenantPool pool, CancellationToken cancellationToken)
    {
        for (var (begun, bound) = (time.GetTimestamp(), TimeSpan.FromSeconds(options.Value.ReplicaWaitSeconds)); ; await Task.Delay(Look, time, cancellationToken))
        {
            try
            {
                return await TenantSession.BeginAsync(pool, limits.Value, cancellationToken);
            }
            catch (PostgresException error) when (FollowsLate(error) && time.GetElapsedTime(begun) < bound)
            {
                // Tries again.
            }
        }
    }

    private static bool FollowsLate(PostgresException error) => error.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
        or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PlaceStates.Closed or PlaceStates.Moved;

    private static async Task CheckAsync(TenantSession session, TenantId tenant, string server, TenantReplica replica, CancellationToken cancellationToken)
    {
        if (!await ScalarAsync<bool>(session, "select pg_is_in_recovery()", [], cancellationToken))
            throw ReplicaServers.Foreign(server, replica.Name);
        if (await PlaceVerification.FindAsync(session, cancellationToken) is { } forbidden)
            throw Broken($"it may {forbidden}");
        var reach = await LoginReach.ReadAsync(session, replica.Schema, isShared: false, cancellationToken);
        if (Excess(reach) is { } excess)
            throw Broken(excess);
        if (await ScalarAsync<string>(session, Writable, [replica.Schema], cancellationToken) is { } table)
            throw Broken($"it may write table '{table}'");
        if (reach.Tables.Count == 0)
            return;
        foreach (var claim in (Guid?[])[tenant.Value, Canary, Guid.NewGuid(), null])
        {
            var text = claim?.ToString() ?? "";
            await ScalarAsync<string>(session, "select set_config('app.tenant_id', $1, true)", [text], cancellationToken);
            if (await ScalarAsync<bool>(session, $"select {string.Join(" or ", reach.Tables.Select(t => $"exists (select from {t} where tenant_id <> $1)"))}", [tenant.Value], cancellationToken))
                throw Broken($"with app.tenant_id = '{text}' it reads rows of another tenant");
        }
    }

    private const string Writable =
        """
        select min(t.relname)::text from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where n.nspname = $1 and t.relkind in ('r', 'p', 'v') and has_table_privilege(t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        """;

    private static string? Excess(LoginReach reach) => reach switch
    {
        { Schema: { } schema } => $"it may use schema '{schema}'",
        { Excess: { } table } => $"it has rights on table '{table}' that it must not have",
        { Unprotected: { } table } => $"table '{table}' lacks the platform's policies or has others that also permit rows",
        { Becomes: { } role } => $"it may become role '{role}'",
        { Changed: { } changed } => $"settings of its roles were changed ({changed})",
        { OpenDatabases: [{ } open, ..] } => $"it may connect to database '{open}'",
        _ => null,
    };

    private static async Task<T?> ScalarAsync<T>(TenantSession session, string sql, IReadOnlyList<object> parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session.Connection, session.Transaction);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync(cancellationToken) is T result ? result : default;
    }

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "isolation-broken", $"The tenant's login for read replicas is not isolated: {what}.", "Close what it names, then turn the tenant's read replica off and on again.");
}
