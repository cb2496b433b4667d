using Dapper;
using Npgsql;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;

namespace Saga.Registry.Recovery;

/// <summary>What the restore of a backup of the registry does in the database itself. Nothing else may use the database meanwhile.</summary>
public sealed class RegistryRecovery(NpgsqlDataSource registry)
{
    public async Task<Version> ServerVersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return connection.PostgreSqlVersion;
    }

    /// <summary>The tables that are there, whatever schemas they are in.</summary>
    public async Task<IReadOnlyList<string>> TablesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await RegistryTables.ListAsync(connection, cancellationToken);
    }

    /// <summary>Rows by table.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await RegistryTables.CountAsync(connection, null, cancellationToken);
    }

    /// <summary>Drops whatever a restore made that is not what its backup has.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var schemas = await connection.QueryAsync<string>(new CommandDefinition(
            "select quote_ident(nspname) from pg_namespace where nspname <> 'information_schema' and nspname !~ '^pg_'", cancellationToken: cancellationToken));
        foreach (var schema in schemas)
            await connection.ExecuteAsync(new CommandDefinition($"drop schema {schema} cascade", commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition("create schema public", cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Makes a restored registry safe to work with, in one transaction. Earlier processes are forgotten, and earlier attempts may not write: each begins
    /// again, with a fencing token that was never issued. What is scheduled waits, because it may have run or been cancelled after the backup. The
    /// restored backup, which could not know its own end, is complete.
    /// </summary>
    /// <param name="restored">The backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="bytes">Its stored size.</param>
    /// <param name="hold">For how long no scheduled command runs.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task<RecoveredRegistry> FinishAsync(Guid restored, StoredManifest manifest, long bytes, TimeSpan hold, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var parameters = new { restored, bytes, hold, Content = manifest.Content.GetRawText(), manifest.File, manifest.Sha256 };
        await RunAsync("set local statement_timeout = 0; delete from process_connections; delete from processes");
        // As if the worker had died: the sweeper finds the attempt lost, and the step begins again.
        var leases = await RunAsync(
            """
            update operation_steps set fence = fence + 1000, held_fence = held_fence + 1000, holder = gen_random_uuid(), expires_at = now(), lost_at = now(), watched_until = now()
            where holder is not null and not settled and held_fence = fence
            """);
        await RunAsync("update operation_steps set holder = null, expires_at = null, lost_at = null where holder is not null and not settled and held_fence < fence");
        var scheduled = await RunAsync(
            """
            update scheduled_commands set run_at = now() + @hold, expires_at = expires_at + (now() + @hold - run_at), claim = null,
                next_try_at = case
                    when next_try_at is null then null
                    when needs_approval and approved_at is null then expires_at + (now() + @hold - run_at)
                    else now() + @hold end
            where state = 'scheduled' and run_at < now() + @hold
            """);
        await RunAsync(
            """
            update registry_backups set state = 'completed', ended_at = clock_timestamp(), bytes = @bytes, manifest = @Content::jsonb, manifest_file = @File, manifest_sha256 = @Sha256,
                snapshot_at = (@Content::jsonb ->> 'snapshotAt')::timestamptz, schema_version = (@Content::jsonb ->> 'schemaVersion')::int,
                master_key_ids = array(select jsonb_array_elements_text(@Content::jsonb -> 'masterKeyIds'))
            where id = @restored and state = 'running'
            """);
        await RunAsync($"insert into audit (actor, origin, action, detail) values ('system', '{AuditOrigin.Host}', '{AuditActions.RegistryRestore}', jsonb_build_object('backup', @restored::text, 'snapshotAt', @Content::jsonb -> 'snapshotAt'))");
        // What was made after the backup is an orphan now, and nobody may take it for one unasked.
        await RunAsync("update installation set restored_at = clock_timestamp()");
        // The numbers after the restored lines were given before, and their heads are in the object store.
        await RunAsync("update audit_chain set chain = gen_random_uuid()");
        var active = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from operations where finished_at is null", transaction: transaction, cancellationToken: cancellationToken));
        var tenants = await connection.ExecuteScalarAsync<long>(new CommandDefinition("select count(*) from tenants", transaction: transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return new(tenants, active, leases, scheduled);

        Task<int> RunAsync(string sql) => connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancellationToken));
    }
}

/// <param name="Tenants">How many tenants it knows.</param>
/// <param name="Operations">How many operations go on when the programs start.</param>
/// <param name="Leases">How many attempts were ended, whose steps begin again.</param>
/// <param name="Scheduled">How many scheduled commands were put off.</param>
public sealed record RecoveredRegistry(long Tenants, long Operations, int Leases, int Scheduled);
