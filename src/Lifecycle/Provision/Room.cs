using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Placements;

namespace Saga.Lifecycle.Provision;

/// <summary>Reports that the database servers cannot take one more tenant.</summary>
internal static class Room
{
    /// <returns>The rejection, with numbers; null when there is room.</returns>
    public static OperationRejected? Rejection(string? region, bool replica, ServerRoom room)
    {
        var where = region is null ? "" : $" in region '{region}'";
        var servers = room.Servers.Where(s => region is null || s.Region == region).ToList();
        if (servers.Count == 0)
        {
            var regions = room.Servers.Select(s => s.Region).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            return new()
            {
                Code = RejectionCodes.NoServer,
                Detail = $"No database server{where} accepts tenants. {(regions.Count == 0 ? "None of the installation does." : $"There are servers in {string.Join(", ", regions)}.")}",
                Errors = region is null ? [] : [new("/region", regions.Count == 0 ? "no region has a server" : $"must be one of {string.Join(", ", regions)}")],
            };
        }

        if (replica && Replica(where, servers) is { } refused)
            return refused;
        return room.Left >= 1 ? null : new()
        {
            Code = RejectionCodes.ServerFull,
            Detail = string.Create(CultureInfo.InvariantCulture,
                $"The database servers{where} are full: {string.Join(", ", servers.Select(s => $"'{s.Name}' holds {s.Used} of {s.Maximum} tenants"))}, and {room.Waiting} accepted tenants wait for a place."),
        };
    }

    // Only some of the servers may have replicas.
    private static OperationRejected? Replica(string where, List<AcceptingServer> servers)
    {
        var fitting = servers.Where(s => s.HasReplica).ToList();
        if (fitting.Count == 0)
        {
            return new()
            {
                Code = RejectionCodes.NoReplica,
                Detail = $"No database server{where} that accepts tenants has a read replica. Declare one for a server, or send the command without readReplica.",
                Errors = [new("/readReplica", "must be false, because no server that accepts tenants has a read replica")],
            };
        }

        return fitting.Exists(s => s.Used < s.Maximum) ? null : new()
        {
            Code = RejectionCodes.ServerFull,
            Detail = string.Create(CultureInfo.InvariantCulture,
                $"The database servers{where} with a read replica are full: {string.Join(", ", fitting.Select(s => $"'{s.Name}' holds {s.Used} of {s.Maximum} tenants"))}."),
        };
    }
}
