using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Database;

/// <summary>
/// Signs in as the tenant; writes, reads and deletes a row; and tries what must not work: to read and write the
/// rows of another tenant, to use another schema, to connect to another database.
/// </summary>
internal sealed class DatabaseVerification(TenantConnections connections) : IVerification
{
    // Every copy of the product's tables holds a row of this tenant, which is nobody's.
    private static readonly Guid Canary = Guid.Empty;
    private const string Key = "saga.verification";

    public string Name => "database";

    public async Task VerifyAsync(StepContext context, CancellationToken cancellation)
    {
        var server = context.Tenant.Placement?.Server ?? "unknown";
        try
        {
            // What the pool knows may be older than what this operation just made.
            await connections.CloseAsync(context.TenantId);
            await OwnRowsAsync(context, cancellation);
            await OtherRowsAsync(context, cancellation);
            await OtherPlacesAsync(context, cancellation);
        }
        catch (TenantUnavailableException error)
        {
            throw StepFailureException.Permanent(
                "database-missing", error.Message, "Retry the operation from step 'database'.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            throw StepFailureException.Permanent(
                "database-login-refused", $"Database server '{server}' refused the tenant's own login: {error.MessageText}.",
                "Retry the operation from step 'database', which sets the login's password again.", DatabaseFailures.System(server), error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.ForeignKeyViolation)
        {
            throw StepFailureException.Permanent(
                "database-unusable", $"The tenant's own login cannot use its rows: {error.MessageText}.",
                "Retry the operation from step 'database'.", DatabaseFailures.System(server), error);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(server, error);
        }
        finally
        {
            // Workers serve no tenant: the pool would only hold a connection until it is idle for long.
            await connections.CloseAsync(context.TenantId);
        }
    }

    private async Task OwnRowsAsync(StepContext context, CancellationToken cancellation)
    {
        await using (var session = await connections.OpenAsync(context.TenantId, cancellation))
        {
            await ExecuteAsync(
                session, "insert into settings (key, value) values (@Key, to_jsonb(@Operation)) on conflict (tenant_id, key) do update set value = excluded.value",
                new { Key, Operation = context.OperationId.ToString() }, cancellation);
            await session.CommitAsync(cancellation);
        }

        await using (var session = await connections.OpenAsync(context.TenantId, cancellation))
        {
            var read = await ScalarAsync<string>(session, "select value #>> '{}' from settings where key = @Key", new { Key }, cancellation);
            if (read != context.OperationId.ToString())
                throw StepFailureException.Permanent("database-row-lost", "A row that the tenant's login wrote was not read back.");
            await ExecuteAsync(session, "delete from settings where key = @Key", new { Key }, cancellation);
            await session.CommitAsync(cancellation);
        }
    }

    private async Task OtherRowsAsync(StepContext context, CancellationToken cancellation)
    {
        string[] tables = ["tenants", "users", "documents", "settings"];
        Guid?[] claims = [context.TenantId.Value, Canary, Guid.NewGuid(), null];
        foreach (var claim in claims)
        {
            await using var session = await connections.OpenAsync(context.TenantId, cancellation);
            await ScalarAsync<string>(session, "select set_config('app.tenant_id', @Claim, true)", new { Claim = claim?.ToString() ?? "" }, cancellation);
            var foreign = string.Join(" + ", tables.Select(t => $"(select count(*) from {t} where tenant_id <> @Value)"));
            if (await ScalarAsync<long>(session, $"select {foreign}", new { context.TenantId.Value }, cancellation) != 0)
                throw Broken($"with app.tenant_id = '{claim}' it reads rows of another tenant");
            if (await ExecuteAsync(session, "delete from settings where tenant_id <> @Value", new { context.TenantId.Value }, cancellation) != 0)
                throw Broken($"with app.tenant_id = '{claim}' it deletes rows of another tenant");
            await RefusedAsync(
                () => ExecuteAsync(session, "insert into settings (tenant_id, key, value) values (@Canary, @Key, 'true')", new { Canary, Key }, cancellation),
                $"with app.tenant_id = '{claim}' it writes rows of another tenant");
        }
    }

    private async Task OtherPlacesAsync(StepContext context, CancellationToken cancellation)
    {
        string? other;
        await using (var session = await connections.OpenAsync(context.TenantId, cancellation))
        {
            var schema = await ScalarAsync<string>(
                session,
                """
                select min(nspname) from pg_namespace
                where nspname ~ '^(t_[0-9a-f]{32}|product)$' and nspname <> @Schema and has_schema_privilege(oid, 'USAGE')
                """,
                new { context.Tenant.Placement!.Schema }, cancellation);
            if (schema is not null)
                throw Broken($"it may use schema '{schema}'");
            var database = await ScalarAsync<string>(
                session,
                """
                select min(datname) from pg_database
                where datname ~ '^(tenant|saga)_' and datname <> current_database()
                  -- One that is being made (0) or dropped (-2) lets nobody in.
                  and datallowconn and datconnlimit not in (0, -2)
                  -- Of the row that was read: has_database_privilege() may know an older or a newer list.
                  and exists (
                      select 1 from aclexplode(coalesce(datacl, acldefault('d', datdba))) granted
                      where granted.privilege_type = 'CONNECT' and (granted.grantee = 0 or pg_has_role(granted.grantee, 'USAGE')))
                """,
                new { }, cancellation);
            if (database is not null)
                throw Broken($"it may connect to database '{database}'");
            other = await ScalarAsync<string>(
                session, "select min(datname) from pg_database where datname ~ '^(tenant|saga)_' and datname <> current_database()", new { }, cancellation);
        }

        if (other is null || context.Tenant.Tier != IsolationTier.Database)
            return;
        // What the catalog promises is tried, too.
        var connectionString = new NpgsqlConnectionStringBuilder(await connections.ConnectionStringAsync(context.TenantId, cancellation)) { Database = other, Pooling = false };
        await RefusedAsync(
            async () =>
            {
                await using var connection = new NpgsqlConnection(connectionString.ConnectionString);
                await connection.OpenAsync(cancellation);
            },
            $"it connects to database '{other}'");
    }

    private static async Task RefusedAsync(Func<Task> attempt, string otherwise)
    {
        try
        {
            await attempt();
        }
        catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InsufficientPrivilege
            or PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.InvalidCatalogName)
        {
            return;
        }

        throw Broken(otherwise);
    }

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "isolation-broken", $"The tenant's login is not kept apart from other tenants: {what}.",
        "Do not activate the tenant. Compare the policies and grants of its database with the product's migrations.");

    private static Task<int> ExecuteAsync(TenantSession session, string sql, object parameters, CancellationToken cancellation) =>
        session.Connection.ExecuteAsync(new CommandDefinition(sql, parameters, session.Transaction, cancellationToken: cancellation));

    private static Task<T?> ScalarAsync<T>(TenantSession session, string sql, object parameters, CancellationToken cancellation) =>
        session.Connection.ExecuteScalarAsync<T>(new CommandDefinition(sql, parameters, session.Transaction, cancellationToken: cancellation));
}
