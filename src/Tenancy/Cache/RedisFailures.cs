using Saga.Contracts.Failures;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>Maps failures of the client library to codes and kinds.</summary>
public static class RedisFailures
{
    /// <summary>Whether the user lacks the right to the command, the key or the channel.</summary>
    public static bool IsDenied(this RedisServerException error) => error.Message.StartsWith("NOPERM", StringComparison.Ordinal);

    /// <summary>Whether there is no connection because the server refused the name or the password.</summary>
    public static bool IsSignInRefused(Exception error)
    {
        // A server at its client limit refuses the first command, whatever it is.
        if (IsFull(error))
            return false;
        var refused = false;
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            // An untrusted certificate is reported as the same kind of failure.
            if (cause is System.Security.Authentication.AuthenticationException)
                return false;
            refused |= cause is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure };
        }

        return refused;
    }

    public static CacheException Translate(Exception error)
    {
        if (error is RedisServerException refusal)
            return Refused(refusal.Message, error);
        // At its client limit the server sends an error and disconnects; the client wraps that error.
        if (IsFull(error))
            return Refused("ERR max number of clients reached", error);
        // The client's message continues with its internal state; the first sentence is enough.
        return new("redis-unavailable", $"Redis does not answer: {error.Message.Split(';', '\n')[0]}", FailureKind.Outage, error);
    }

    private static bool IsFull(Exception error) => error.ToString().Contains("max number of clients", StringComparison.OrdinalIgnoreCase);

    private static CacheException Refused(string reply, Exception cause)
    {
        var kind = FailureKinds.OfRedis(reply);
        return kind switch
        {
            FailureKind.Outage => new("redis-unavailable", $"Redis does not answer: {reply}", kind, cause),
            FailureKind.Overload => new("redis-busy", $"Redis is overloaded: {reply}", kind, cause),
            FailureKind.Transient => new("redis-failed", $"Redis failed: {reply}", kind, cause),
            _ when reply.StartsWith("NOPERM", StringComparison.Ordinal) || reply.StartsWith("NOAUTH", StringComparison.Ordinal) =>
                new("redis-access-denied", $"Redis refused: {reply}", kind, cause),
            _ => new("redis-refused", $"Redis refused: {reply}", kind, cause),
        };
    }
}
