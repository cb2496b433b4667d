using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>Writes the whole registry as it is in one snapshot, which also counts its rows. A second attempt begins anew, because a snapshot ends with its session.</summary>
internal sealed class DumpRegistryStep(
    RegistryBackupFiles files, LeasedTransactions leases, MasterKeys masters, BackupSlots slots, PostgresTools tools, PgDump dump,
    IOptions<RegistryOptions> registry, IOptions<RegistryBackupOptions> options) : RegistryBackupStep(files, leases)
{
    public override string Name => StepNames.DumpRegistry;

    private string Address => options.Value.ConnectionString.Length > 0 ? options.Value.ConnectionString : registry.Value.ConnectionString;

    protected override async Task<object?> WriteAsync(StepContext context, BegunRegistryBackup backup, CancellationToken cancellationToken)
    {
        await SetPartAsync(context, backup.Id, null, null, cancellationToken);
        await Files.RemoveAsync(context, backup.Id, cancellationToken);
        using var slot = slots.Take();
        try
        {
            await using var snapshot = await RegistrySnapshot.OpenAsync(Address, cancellationToken);
            var tool = await RequireAsync(snapshot, cancellationToken);
            var state = await snapshot.ReadAsync(tables => context.Report(tables, unit: "tables", words: "counting rows"), cancellationToken);
            var key = masters.UnwrapForRegistry(backup.Id, backup.MasterKeyId!, backup.WrappedKey);
            await using var upload = await Files.CreateAsync(context, backup.Id, PartNames.Registry, key, cancellationToken);
            upload.Content.Progressed = done => context.Report(done, unit: "bytes", words: "backing up the registry");
            await dump.RunOnRegistryAsync(tool, new NpgsqlConnectionStringBuilder(Address), snapshot.Name, upload.Content, cancellationToken);
            var part = await upload.CompleteAsync(
                PartNames.DumpFormat, state.Counts, new DumpDetails(snapshot.ServerVersion.ToString(), tool.Version.ToString()), cancellationToken);
            var needed = state with { MasterKeyIds = [.. state.MasterKeyIds.Append(backup.MasterKeyId!).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)] };
            await SetPartAsync(context, backup.Id, part, needed, cancellationToken);
            return new { BackupId = backup.Id, part.Bytes, SnapshotAt = state.At, state.SchemaVersion, needed.MasterKeyIds };
        }
        catch (PostgresException error)
        {
            throw StepFailureException.Transient("registry-refused", $"The registry refused a statement of its backup: {error.MessageText} ({error.SqlState}).", "Fix what the message says, then send the command again.", cause: error);
        }
        catch (NpgsqlException error)
        {
            throw StepFailureException.Transient(
                "registry-unavailable", $"The registry could not be read for its backup: {error.Message}.",
                $"Check {RegistryBackupOptions.Section}:ConnectionString, or {RegistryOptions.Section}:ConnectionString where it is not set.", cause: error);
        }
    }

    private async Task<PostgresTool> RequireAsync(RegistrySnapshot snapshot, CancellationToken cancellationToken)
    {
        if (await snapshot.UnreadableAsync(cancellationToken) is { Count: > 0 } unreadable)
        {
            throw StepFailureException.Permanent(
                "registry-not-readable", $"The login of the registry's backup may not read {string.Join(", ", unreadable.Take(3))}{(unreadable.Count > 3 ? $" and {unreadable.Count - 3} more" : "")}.",
                $"Set {RegistryBackupOptions.Section}:ConnectionString to a login that may read all of the registry, such as its owner or a member of pg_read_all_data, then send the command again.");
        }

        var tool = await tools.FindAsync(PostgresTools.Dump, cancellationToken);
        return PostgresTools.Refusal(PostgresTools.Dump, tool, "the registry", snapshot.ServerVersion) is { } refusal
            ? throw StepFailureException.Permanent("pg-dump-too-old", refusal, $"{PostgresTools.Remedy(snapshot.ServerVersion)} Then send the command again.")
            : tool!;
    }

    private async Task SetPartAsync(StepContext context, Guid backup, Registry.Backups.BackupPart? part, RegistryState? state, CancellationToken cancellationToken)
    {
        await using var transaction = await Leases.BeginAsync(context.Lease, cancellationToken);
        await RegistryBackupRows.SetPartAsync(transaction, backup, part, state, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
