using Saga.Tenancy.Cache;
using Saga.Workers.Runtime;

namespace Saga.Workers.Cache;

/// <summary>Translates cache failures for operators.</summary>
internal static class CacheFailures
{
    public static StepFailureException From(CacheException error) =>
        StepFailureException.Of(error.Kind, error.Code, error.Message, Remedy(error.Code), error.System, error);

    private static string Remedy(string code) => code switch
    {
        "redis-unavailable" => "Check that the server at Saga:Cache:Redis:ConnectionString is running, reachable, and accepts its password.",
        "redis-sign-in-refused" => "Set the user and the password in Saga:Cache:Redis:ConnectionString to those of the server, and set a password for the server's default user.",
        "redis-access-denied" => "Allow the user of Saga:Cache:Redis:ConnectionString to manage users (ACL, CLIENT KILL, CONFIG GET, SCAN, UNLINK), then replay the step.",
        "redis-not-empty" => "Stop the services that write to the tenant's keys, then replay the step.",
        _ => "Fix the cause in the message (Redis 7 or newer is required), then replay the step.",
    };
}
