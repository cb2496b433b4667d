using Saga.Workers.Backup.Tools;
using Saga.Workers.Database;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Whether a backup's rows can be restored on the tenant's database server, with the programs of this machine. Thread-safe.</summary>
internal sealed class BackupServerCheck(PostgresTools tools, DatabaseServers servers)
{
    /// <exception cref="StepFailureException">They cannot.</exception>
    public async Task RequireAsync(StepContext context, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var details = RestoreContext.Details(RestoreContext.Rows(manifest));
        var server = DatabaseStep.PlacementOf(context.Tenant).Place.Server;
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        var (from, to) = (Version.Parse(details.ServerVersion), session.ServerVersion);
        if (from.Major > to.Major)
        {
            throw Refused(
                "server-older", FormattableString.Invariant($"Backup {manifest.BackupId} is from PostgreSQL {from.Major}, and database server '{server}' is PostgreSQL {to.Major}."),
                "Move the tenant to a server that is at least as new, then send the command again.");
        }

        if (details.DumpVersion is not { } dump)
            return;
        var tool = await tools.FindAsync(PostgresTools.Restore, cancellationToken);
        if (PostgresTools.Refusal(PostgresTools.Restore, tool, server, to) is { } refusal)
            throw Refused("pg-restore-too-old", refusal, $"{PostgresTools.Remedy(to)} Then send the command again.");
        if (tool!.Major < Version.Parse(dump).Major)
        {
            throw Refused(
                "pg-restore-too-old", $"{tool.Path} has version {tool.Version} and cannot read what pg_dump {dump} wrote.",
                $"{PostgresTools.Remedy(Version.Parse(dump))} Then send the command again.");
        }
    }

    private static StepFailureException Refused(string code, string message, string remedy) => StepFailureException.Permanent(code, message, remedy);
}
