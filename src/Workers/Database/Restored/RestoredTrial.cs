using System.Security.Cryptography;
using Npgsql;
using Saga.Registry.Backups;
using Saga.Registry.Drift;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>
/// Uses a restored database as the tenant would: signs in with a login that it makes for that, reads through the policies all rows of the tenant and
/// nobody else's, and writes one, which is rolled back. Nobody can sign in afterwards. Thread-safe.
/// </summary>
internal sealed class RestoredTrial(DatabaseServers servers, FencedSessions fenced, Installation installation)
{
    // The probe has a row of this fictitious tenant.
    private static readonly Guid Canary = Guid.Empty;

    /// <summary>The login. What a killed attempt left of it goes with the next attempt, or with the database.</summary>
    public static string LoginOf(RestoredDatabase restored) => $"t_{restored.OperationId:n}_restored";

    /// <param name="context">The attempt.</param>
    /// <param name="restored">The database.</param>
    /// <param name="schema">The schema with the product's tables.</param>
    /// <param name="owner">The role that owns them, and that no policy stops.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <exception cref="StepFailureException">The login cannot read what it must, or may read more: <c>restored-unusable</c>, <c>restored-open</c>.</exception>
    public async Task RunAsync(StepContext context, RestoredDatabase restored, string schema, string owner, CancellationToken cancellationToken)
    {
        var credential = new Credential(LoginOf(restored), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        await using var session = await fenced.OpenAsync(context, restored.Server, restored.Database, cancellationToken);
        await AdmitAsync(session, context, restored, schema, owner, credential, cancellationToken);
        try
        {
            await using var login = await servers.OpenSecondAsync(restored.Server, restored.Database, credential.Username, credential.Password, cancellationToken);
            await ReadAsync(session, login, context, schema, owner, cancellationToken);
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InsufficientPrivilege
                or PostgresErrorCodes.UndefinedTable or PlaceStates.Closed or PlaceStates.Moved or PlaceStates.ReadOnly
        } refused)
        {
            throw Unusable($"A login of the tenant cannot use what was restored: {refused.MessageText}", error);
        }
        finally
        {
            await PlaceRows.RemoveAsync(session, context.TenantId.Value, CancellationToken.None);
            await TenantRoles.DropAsync(session, credential.Username, CancellationToken.None);
        }
    }

    private async Task AdmitAsync(
        ServerSession session, StepContext context, RestoredDatabase restored, string schema, string owner, Credential credential, CancellationToken cancellationToken)
    {
        await TenantRoles.EnsureLoginAsync(session, credential, 1, await installation.IdAsync(cancellationToken), null, null, cancellationToken);
        await session.InTransactionAsync(
            () => session.ExecuteAsync($"set local role {Sql.Name(owner)}; {ProductTables.Grants(schema, credential.Username)}", cancellationToken), cancellationToken);
        await PlaceRows.WriteAsync(session, context.TenantId.Value, 0, credential.Username, cancellationToken);
        await session.ExecuteAsync($"grant connect on database {Sql.Name(restored.Database)} to {Sql.Name(credential.Username)}", cancellationToken);
    }

    private static async Task ReadAsync(ServerSession session, ServerSession login, StepContext context, string schema, string owner, CancellationToken cancellationToken)
    {
        var tenant = context.TenantId.Value;
        // A product's own restrictive policies may hide rows.
        var tables = await session.QueryAsync<(string Name, bool IsRestricted)>(
            $"""
            select format('%I.%I', n.nspname, t.relname), exists (select from pg_policy p where p.polrelid = t.oid and not p.polpermissive and p.polname <> 'own_deletes')
            from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @schema and not t.relispartition and {ProductTables.HasTenants} order by 1
            """,
            cancellationToken, new { schema });
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync($"set local role {Sql.Name(owner)}; set local statement_timeout = 0", cancellationToken);
                await login.ExecuteAsync("begin; set local statement_timeout = 0; select saga.enter(@tenant, 0)", cancellationToken, new { tenant });
                foreach (var (index, table) in tables.Index())
                {
                    var seen = await login.ScalarLongAsync<long>($"select count(*) from {table.Name}", cancellationToken);
                    var own = await session.ScalarLongAsync<long>($"select count(*) from {table.Name} where tenant_id = {Sql.Text(tenant.ToString())}", cancellationToken);
                    if (seen > own)
                        throw Open(FormattableString.Invariant($"In the restored table {table.Name}, a login of the tenant sees {seen} rows, and {own} are the tenant's."));
                    if (seen < own && !table.IsRestricted)
                        throw Unusable(FormattableString.Invariant($"In the restored table {table.Name}, a login of the tenant sees {seen} of the tenant's {own} rows."));
                    context.Report(index + 1, tables.Count, "tables", "reading as the tenant");
                }
            },
            cancellationToken);
        await login.ExecuteAsync($"insert into {Sql.Name(schema)}.{ProductTables.Probe} (key, value) values ('saga.restored', 'true'); rollback", cancellationToken);
        await login.ExecuteAsync("begin; select set_config('app.tenant_id', @Canary, true)", cancellationToken, new { Canary = Canary.ToString() });
        foreach (var table in tables)
        {
            if (await login.ScalarLongAsync<bool>($"select exists (select from {table.Name})", cancellationToken))
                throw Open($"In the restored table {table.Name}, a login of the tenant sees the rows of whichever tenant it names.");
        }
    }

    private static StepFailureException Unusable(string message, Exception? cause = null) => StepFailureException.Permanent(
        "restored-unusable", message, "Compare the policies and grants of the product's tables with its migrations. Then restore again, or restore another backup.", cause: cause);

    private static StepFailureException Open(string message) => StepFailureException.Permanent(
        "restored-open", message, "Compare the policies of the product's tables with its migrations. Then restore again, or restore another backup.");
}
