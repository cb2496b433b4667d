using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>
/// Finds out as whom a connection is signed in. The client does not report a refused name or password when the
/// server's default user is open to everybody: the connection then works, as that user.
/// </summary>
public static class RedisSignIn
{
    public const string DefaultUser = "default";

    /// <summary>The user that the server takes the connection for; null when that user may not ask.</summary>
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

    /// <summary>Whether the server lets the default user in with any password; null when the connection's user may not ask.</summary>
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
