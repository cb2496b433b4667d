using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>
/// Finds out which user a connection is signed in as. If the server's default user needs no password, the client does not report a
/// refused name or password, and the connection works as that default user.
/// </summary>
public static class RedisSignIn
{
    public const string DefaultUser = "default";

    /// <summary>The user of the connection according to the server; null when that user may not run ACL WHOAMI.</summary>
    public static async Task<string?> UserAsync(IDatabase database)
    {
        try
        {
            return (string?)await database.ExecuteAsync("ACL", "WHOAMI");
        }
        catch (RedisServerException error) when (error.IsDenied())
        {
            return null;
        }
    }

    /// <summary>Whether the server accepts the default user with any password; null when the connection's user may not query this.</summary>
    public static async Task<bool?> IsDefaultUserOpenAsync(IDatabase database)
    {
        try
        {
            var user = await database.ExecuteAsync("ACL", "GETUSER", DefaultUser);
            return ((string[])user.ToDictionary()["flags"]!).Contains("nopass", StringComparer.Ordinal);
        }
        catch (RedisServerException error) when (error.IsDenied())
        {
            return null;
        }
    }
}
