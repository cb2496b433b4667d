using System.Globalization;
using System.Text;
using Testcontainers.Redis;

namespace Saga.Tests.Support.Containers;

/// <summary>Redis from an image, with an aclfile, for all tests of a process.</summary>
internal static class RedisContainerServer
{
    private const string Image = "redis:7";
    private const string AclFile = "/data/users.acl";

    /// <returns><c>host:port</c>.</returns>
    public static async Task<string> StartAsync()
    {
        var container = new RedisBuilder(Image)
            .WithResourceMapping(Encoding.UTF8.GetBytes("user default on nopass ~* &* +@all\n"), AclFile)
            .WithCommand("redis-server", "--aclfile", AclFile, "--save", "")
            .Build();
        AtEnd.Do(() => container.DisposeAsync().AsTask());
        await container.StartAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{container.Hostname}:{container.GetMappedPublicPort(RedisBuilder.RedisPort)}");
    }
}
