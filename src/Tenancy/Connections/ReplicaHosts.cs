using System.Buffers.Binary;
using System.Globalization;
using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>Spreads tenants over the replicas of a server.</summary>
internal static class ReplicaHosts
{
    /// <summary>One connection string for all: each tenant begins with one of them, and the others are tried while that one does not answer.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="replicas">At least one, which differ only in their address.</param>
    public static string Join(TenantId tenant, IReadOnlyList<TenantReplica> replicas)
    {
        var first = (int)(BinaryPrimitives.ReadUInt32BigEndian(tenant.Value.ToByteArray(bigEndian: true).AsSpan(12)) % (uint)replicas.Count);
        var login = new NpgsqlConnectionStringBuilder(replicas[first].ConnectionString);
        if (replicas.Count > 1)
            login.Host = string.Join(',', replicas.Skip(first).Concat(replicas.Take(first)).Select(r => Address(new(r.ConnectionString))));
        return login.ConnectionString;
    }

    private static string Address(NpgsqlConnectionStringBuilder login) =>
        string.Create(CultureInfo.InvariantCulture, $"{(login.Host!.Contains(':', StringComparison.Ordinal) && login.Host[0] != '[' ? $"[{login.Host}]" : login.Host)}:{login.Port}");
}
