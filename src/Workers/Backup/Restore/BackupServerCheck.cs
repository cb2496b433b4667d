using Saga.Workers.Backup.Rows;
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
        var server = DatabaseStep.PlacementOf(context.Tenant).Place.Server;
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        var tool = await tools.FindAsync(PostgresTools.Restore, cancellationToken);
        if (Refusal(manifest.BackupId, RestoreContext.Details(RestoreContext.Rows(manifest)), server, session.ServerVersion, tool) is { } refusal)
            throw refusal;
    }

    /// <summary>Why the rows cannot be restored; null when they can. Pure.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="details">What its manifest says about the rows.</param>
    /// <param name="server">The server's name.</param>
    /// <param name="to">The server's version.</param>
    /// <param name="tool">The program that restores on this machine; null for none.</param>
    internal static StepFailureException? Refusal(Guid backup, RowsDetails details, string server, Version to, PostgresTool? tool)
    {
        var from = Version.Parse(details.ServerVersion);
        if (from.Major > to.Major)
        {
            return Refused(
                "server-older", FormattableString.Invariant($"Backup {backup} is from PostgreSQL {from.Major}, and database server '{server}' is PostgreSQL {to.Major}."),
                "Move the tenant to a server that is at least as new, then send the command again.");
        }

        if (details.DumpVersion is not { } dump)
            return null;
        if (PostgresTools.Refusal(PostgresTools.Restore, tool, server, to) is { } refusal)
            return Refused("pg-restore-too-old", refusal, $"{PostgresTools.Remedy(to)} Then send the command again.");
        return tool!.Major >= Version.Parse(dump).Major ? null : Refused(
            "pg-restore-too-old", $"{tool.Path} has version {tool.Version} and cannot read what pg_dump {dump} wrote.",
            $"{PostgresTools.Remedy(Version.Parse(dump))} Then send the command again.");
    }

    private static StepFailureException Refused(string code, string message, string remedy) => StepFailureException.Permanent(code, message, remedy);
}
