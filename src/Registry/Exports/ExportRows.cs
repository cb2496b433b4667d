using System.Text.Json;
using Dapper;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;

namespace Saga.Registry.Exports;

/// <summary>The steps' writes to exports. Each may be repeated.</summary>
public static class ExportRows
{
    private const string Begun =
        "select id as Id, state as State, data_types as DataTypes, format as Format, user_id as UserId, file as File, bytes as Bytes, sha256 as Sha256, expires_at as ExpiresAt from exports";

    /// <summary>Begins the operation's export. One that it has begun before is kept.</summary>
    public static async Task<BegunExport> BeginAsync(
        LeasedTransaction transaction, TenantId tenant, Guid operation, IEnumerable<string> dataTypes, string format, string? user, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            """
            insert into exports (id, tenant_id, operation_id, requested_by, data_types, format, user_id, started_at)
            select @Id, @Tenant, o.id, o.requested_by, @DataTypes, @format, @user, clock_timestamp() from operations o where o.id = @operation
            on conflict (operation_id) do nothing
            """,
            new { Id = Guid.CreateVersion7(), Tenant = tenant.Value, operation, DataTypes = dataTypes.ToArray(), format, user }, cancellationToken);
        return (await FindAsync(transaction, operation, cancellationToken))!;
    }

    /// <summary>The operation's export; null when it has none.</summary>
    public static Task<BegunExport?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<BegunExport>(new CommandDefinition(
            $"{Begun} where operation_id = @operation", new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>The tenant's export with this id; null when there is none.</summary>
    public static Task<BegunExport?> FindAsync(LeasedTransaction transaction, TenantId tenant, Guid export, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<BegunExport>(new CommandDefinition(
            $"{Begun} where tenant_id = @Value and id = @export", new { tenant.Value, export }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Completes the export.</summary>
    /// <returns>When, and when the file expires; null when it does not run any more.</returns>
    public static async Task<(DateTimeOffset At, DateTimeOffset ExpiresAt)?> CompleteAsync(
        LeasedTransaction transaction, Guid export, WrittenExport written, int keepHours, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(DateTime At, DateTime ExpiresAt)?>(new CommandDefinition(
            """
            update exports set state = 'completed', ended_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(hours => @keepHours), file = @File, bytes = @Bytes,
                sha256 = @Sha256, counts = @Counts::jsonb, snapshot_at = @SnapshotAt, schema_version = @SchemaVersion
            where id = @export and state = 'running' returning ended_at, expires_at
            """,
            new
            {
                export, keepHours, written.File, written.Bytes, written.Sha256, Counts = JsonSerializer.Serialize(written.Counts, Json.Options), written.SnapshotAt, written.SchemaVersion,
            },
            transaction.Transaction, cancellationToken: cancellationToken));
        return row is { } done ? (new(done.At), new(done.ExpiresAt)) : null;
    }

    /// <summary>Takes back that the export is complete, before its file is removed.</summary>
    public static Task ReopenAsync(LeasedTransaction transaction, Guid export, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        $"update exports set state = 'running', ended_at = null, {NoFile} where id = @export and state = 'completed'", new { export }, cancellationToken);

    /// <summary>Marks the operation's export as failed. A complete one is undone with its operation.</summary>
    /// <returns>Why it failed, and when; null when that was recorded before, or its file was removed already.</returns>
    public static async Task<FailedExport?> FailAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(Guid Id, string? Failure, string? CancelledBy, string? Reason, DateTime At)?>(new CommandDefinition(
            """
            update exports e set state = 'failed', ended_at = clock_timestamp(), failure = case when o.cancellation is null then o.failure end,
                file = null, bytes = null, sha256 = null, counts = null, expires_at = null
            from operations o where o.id = e.operation_id and e.operation_id = @operation and e.state in ('running', 'completed')
            returning e.id, o.failure::text, o.cancellation ->> 'actor', o.cancellation ->> 'reason', e.ended_at
            """,
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        return row is not { } failed ? null : new(
            failed.Id, failed.CancelledBy is null && failed.Failure is not null ? JsonSerializer.Deserialize<Failure>(failed.Failure, Json.Options) : null,
            failed.CancelledBy is null ? null : $"Cancelled by {failed.CancelledBy}: {failed.Reason}", new DateTimeOffset(failed.At));
    }

    /// <summary>From now on nobody gets a link to the file, which is going to be removed.</summary>
    public static Task EndLinksAsync(LeasedTransaction transaction, Guid export, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update exports set expires_at = least(expires_at, clock_timestamp()) where id = @export and state = 'completed'", new { export }, cancellationToken);

    /// <summary>Notes that the file is gone.</summary>
    public static Task RemoveAsync(LeasedTransaction transaction, Guid export, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update exports set state = 'removed', removed_at = clock_timestamp(), file = null where id = @export and state = 'completed'", new { export }, cancellationToken);

    /// <summary>The same for every export of a tenant.</summary>
    public static Task RemoveAllAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update exports set state = 'removed', removed_at = clock_timestamp(), file = null where tenant_id = @Value and state = 'completed'", new { tenant.Value }, cancellationToken);

    internal static string Name(ExportState state) => state.ToString().ToLowerInvariant();

    private const string NoFile = "file = null, bytes = null, sha256 = null, counts = null, expires_at = null, snapshot_at = null, schema_version = null";
}
