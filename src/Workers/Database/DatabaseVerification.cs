using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Database;

/// <summary>
/// Signs in as the tenant, then writes, reads and deletes a row. Also tries what must fail: reading and writing another tenant's
/// rows, using another schema, connecting to another database, and asking the planner about other tenants' values. Then runs the
/// product's own verification queries, and reads the tenant's rows on each of its read replicas.
/// </summary>
internal sealed class DatabaseVerification(TenantConnections connections, ConnectionBudgets budgets, ReplicaTrial replicas, ProductFiles product) : IVerification
{
    // The probe contains a row of this fictitious tenant.
    private static readonly Guid Canary = Guid.Empty;
    private const string Key = "saga.verification";
    private const string BeforeClaim = "before_claim";
    private const string SetAgain = $"Retry the operation from step '{StepNames.Database}', which sets them again.";

    public string Name => "database";

    public string? System(Tenant tenant) => SystemNames.PostgreSql(tenant).FirstOrDefault();

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        // The queries may need tables that only later migrations make. An adopted place is verified again after those.
        var isBehind = context.Tenant.Placed is { State: PlacementState.Building, SchemaVersion: { } version } && version < product.Migrations.Newest;
        await VerifyAsync(context, isBehind ? [] : product.Verifications, cancellationToken);
        if (context.Tenant is not { ReadReplica: true, Placement.Server: { } server })
            return;
        foreach (var replica in await connections.ReplicasAsync(context.TenantId, cancellationToken))
            await replicas.RunAsync(context.TenantId, server, replica, cancellationToken);
    }

    /// <summary>Verifies a place that has not got the tenant's first rows yet.</summary>
    public Task VerifyIsolationAsync(StepContext context, CancellationToken cancellationToken) => VerifyAsync(context, [], cancellationToken);

    private async Task VerifyAsync(StepContext context, IReadOnlyList<ProductFile> queries, CancellationToken cancellationToken)
    {
        var server = context.Tenant.Placement?.Server ?? "unknown";
        // One for the tenant's own connection, and one for the connection that must be refused.
        await using var reserved = await ReserveAsync(server, cancellationToken);
        try
        {
            // The pool may be older than the placement that this operation just created.
            await connections.CloseAsync(context.TenantId);
            var reach = await ReachAsync(context, cancellationToken);
            await Task.WhenAll(RowsAsync(context, reach, cancellationToken), OtherDatabasesAsync(context, reach, cancellationToken));
            CheckTables(reach);
            foreach (var query in queries)
                await ProductQueries.RunAsync(connections, context.TenantId, query, cancellationToken);
        }
        catch (TenantUnavailableException error)
        {
            throw StepFailureException.Permanent(
                "database-missing", error.Message, $"Retry the operation from step '{StepNames.Database}'.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            throw StepFailureException.Permanent(
                "database-login-refused", $"Database server '{server}' refused the tenant's own login: {error.MessageText}.",
                $"Retry the operation from step '{StepNames.Database}', which sets the login's password again.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.ForeignKeyViolation)
        {
            throw StepFailureException.Permanent(
                "database-unusable", $"The tenant's own login cannot use its rows: {error.MessageText}.",
                $"Retry the operation from step '{StepNames.Database}'.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PlaceStates.Closed or PlaceStates.Moved or PlaceStates.ReadOnly)
        {
            throw StepFailureException.Permanent(
                "place-closed", $"The tenant's database refuses its own login: {error.MessageText}",
                $"Lift the tenant's holds if it has any. Otherwise retry the operation from step '{StepNames.Database}'.", DatabaseFailures.System(server), error);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(server, error);
        }
        finally
        {
            // Workers serve no tenants, so the pool would only keep an idle connection.
            await connections.CloseAsync(context.TenantId);
        }
    }

    private async Task<IAsyncDisposable> ReserveAsync(string server, CancellationToken cancellationToken)
    {
        try
        {
            return await budgets.Of(server).ReserveAsync(2, cancellationToken);
        }
        catch (TimeoutException error)
        {
            throw DatabaseFailures.NoConnectionFree(server, error);
        }
    }

    private async Task RowsAsync(StepContext context, LoginReach reach, CancellationToken cancellationToken)
    {
        await using (var session = await connections.OpenAsync(context.TenantId, cancellationToken))
        {
            // This row need not survive a crash. The delete waits for the disk anyway, and so covers this write.
            await using var written = Batch(session, ("select set_config('synchronous_commit', 'off', true)", []), (
                $"insert into {reach.Probe} (key, value) values ($1, to_jsonb($2::text)) on conflict (tenant_id, key) do update set value = excluded.value",
                [Key, context.OperationId.ToString()]));
            await written.ExecuteNonQueryAsync(cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        await using (var session = await connections.OpenAsync(context.TenantId, cancellationToken))
        {
            await using var read = Batch(session, ($"select value #>> '{{}}' from {reach.Probe} where key = $1", [Key]), ($"delete from {reach.Probe} where key = $1", [Key]));
            if (await read.ExecuteScalarAsync(cancellationToken) as string != context.OperationId.ToString())
                throw StepFailureException.Permanent("database-row-lost", "A row that the tenant's login wrote was not read back.");
            await session.CommitAsync(cancellationToken);
        }

        // Nothing is committed in this one.
        await using (var session = await connections.OpenAsync(context.TenantId, cancellationToken))
        {
            Guid?[] claims = [context.TenantId.Value, Canary, Guid.NewGuid(), null];
            await session.Transaction.SaveAsync(BeforeClaim, cancellationToken);
            foreach (var claim in claims)
                await OtherRowsAsync(session, reach, claim?.ToString() ?? "", cancellationToken);
        }
    }

    /// <summary>Checks what the login can reach when it claims to be this tenant. One round trip, with the statement that must be refused last.</summary>
    private static async Task OtherRowsAsync(TenantSession session, LoginReach reach, string claim, CancellationToken cancellationToken)
    {
        var tenant = session.Tenant.Value;
        await using var tried = Batch(
            session,
            // The former claim ended with an error.
            ($"rollback to savepoint {BeforeClaim}", []),
            ("select set_config('app.tenant_id', $1, true)", [claim]),
            ($"select {string.Join(" + ", reach.Tables.Select(t => $"(select count(*) from {t} where tenant_id <> $1)"))}", [tenant]),
            ($"select count(*) from {reach.Probe}", []),
            // Neither statement reads rows, because a read policy would hide a hole in the write policy.
            ($"update {reach.Probe} set updated_at = now()", []),
            ($"delete from {reach.Probe}", []),
            ($"insert into {reach.Probe} (tenant_id, key, value) values ($1, $2, 'true')", [Canary, Key]));
        await using var results = await tried.ExecuteReaderAsync(cancellationToken);
        if (await NextCountAsync(results, cancellationToken) != 0)
            throw Broken($"with app.tenant_id = '{claim}' it reads rows of another tenant");
        var own = await NextCountAsync(results, cancellationToken);
        await RefusedAsync(() => results.NextResultAsync(cancellationToken), $"with app.tenant_id = '{claim}' it writes rows of another tenant");
        if (tried.BatchCommands[4].RecordsAffected > own)
            throw Broken($"with app.tenant_id = '{claim}' it changes rows of another tenant");
        if (tried.BatchCommands[5].RecordsAffected > own)
            throw Broken($"with app.tenant_id = '{claim}' it deletes rows of another tenant");
    }

    // What was tried concerns the probe; the other tables have the same policies and rights, or this finds the difference.
    private static void CheckTables(LoginReach reach)
    {
        if (reach.Unprotected is { } table)
            throw Broken($"table '{table}' lacks the platform's policies or has others that also permit rows", "Remove other policies, restart the workers, which set the platform's again, then replay the operation.");
        if (reach.Excess is { } excess)
            throw Broken($"it has rights on table '{excess}' that it must not have", "Revoke them. Compare the rights on the table with docs/product.md, then replay the operation.");
    }

    private async Task<LoginReach> ReachAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var session = await connections.OpenAsync(context.TenantId, cancellationToken);
        if (await PlaceVerification.FindAsync(session, cancellationToken) is { } forbidden)
            throw Broken($"it may {forbidden}");
        var reach = await LoginReach.ReadAsync(
            session, context.Tenant.Placement!.Schema, context.Tenant.Tier == IsolationTier.Row, cancellationToken);
        if (reach.Schema is { } schema)
            throw Broken($"it may use schema '{schema}'");
        if (reach.Statistics is { } collected)
            throw Broken($"the planner has statistics of other tenants' values ({collected}), and EXPLAIN shows them", SetAgain);
        if (reach.OpenIndex is { } index)
            throw Broken($"EXPLAIN ANALYZE counts other tenants' rows, because tenant_id is not the first column of index {index}");
        if (reach.Changed is { } changed)
            throw Broken($"settings of its roles were changed ({changed})", SetAgain);
        if (reach.Becomes is { } role)
            throw Broken($"it may become role '{role}'", SetAgain);
        return reach;
    }

    // The catalog says that it is refused, or that it is not; this tries it. A server may refuse in pg_hba.conf what the catalog permits.
    private async Task OtherDatabasesAsync(StepContext context, LoginReach reach, CancellationToken cancellationToken)
    {
        foreach (var open in reach.OpenDatabases)
            await OtherDatabaseAsync(context, open, $"As superuser, run: {OpenDatabases.Closing(open)} Then replay the operation.", cancellationToken);
        if (reach.ClosedDatabase is { } closed && context.Tenant.Tier == IsolationTier.Database)
            await OtherDatabaseAsync(context, closed, null, cancellationToken);
    }

    private async Task OtherDatabaseAsync(StepContext context, string other, string? remedy, CancellationToken cancellationToken)
    {
        var connectionString = new NpgsqlConnectionStringBuilder(await connections.ConnectionStringAsync(context.TenantId, cancellationToken)) { Database = other, Pooling = false };
        await RefusedAsync(
            async () =>
            {
                await using var connection = new NpgsqlConnection(connectionString.ConnectionString);
                await connection.OpenAsync(cancellationToken);
            },
            $"it may connect to database '{other}'", remedy);
    }

    private static async Task RefusedAsync(Func<Task> attempt, string otherwise, string? remedy = null)
    {
        try
        {
            await attempt();
        }
        catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InsufficientPrivilege
            or PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            return;
        }

        throw Broken(otherwise, remedy);
    }

    private static StepFailureException Broken(string what, string? remedy = null) => StepFailureException.Permanent(
        "isolation-broken", $"The tenant's login is not isolated from other tenants: {what}.",
        remedy ?? "Do not activate the tenant. Compare the policies and grants of its database with the product's migrations.");

    private static NpgsqlBatch Batch(TenantSession session, params ReadOnlySpan<(string Sql, object[] Parameters)> statements)
    {
        var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        foreach (var (sql, parameters) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in parameters)
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    private static async Task<long> NextCountAsync(NpgsqlDataReader results, CancellationToken cancellationToken)
    {
        await results.NextResultAsync(cancellationToken);
        await results.ReadAsync(cancellationToken);
        return results.GetInt64(0);
    }
}
