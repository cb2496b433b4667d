using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Saga.Host.Embedded;

namespace Saga.Host.Local;

/// <summary>A Redis that persists its data and its users.</summary>
internal static class LocalRedis
{
    /// <returns>The server, and its address as administrator.</returns>
    public static async Task<(LocalProcess Server, string Address)> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var folder = data.Folder("redis");
        var password = data.Secret("redis-password", Convert.ToHexStringLower);
        var port = LocalPorts.Free();
        var users = Path.Combine(folder, "users.acl");
        if (!File.Exists(users))
            OwnerOnlyFile.Replace(users, $"user default on #{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)))} ~* &* +@all\n");
        var configuration = Path.Combine(folder, "redis.conf");
        OwnerOnlyFile.Replace(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            bind 127.0.0.1
            port {port}
            dir {folder}
            aclfile {users}
            appendonly yes
            daemonize no

            """));
        var server = await LocalProcess.StartAsync("Redis", folder, [Programs.Require("redis-server", "redis-server"), configuration]);
        try
        {
            await server.ListensAsync(port, cancellationToken);
            return (server, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},password={password}"));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }
}
