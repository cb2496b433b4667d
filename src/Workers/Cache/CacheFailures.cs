using Saga.Tenancy.Cache;
using Saga.Workers.Runtime;

namespace Saga.Workers.Cache;

/// <summary>A cache's failure in words for an operator.</summary>
internal static class CacheFailures
{
    public static StepFailureException From(CacheException error) =>
        StepFailureException.Of(error.Kind, error.Code, error.Message, Remedy(error.Code), error.System, error);

    private static string Remedy(string code) => code switch
    {
        "redis-unavailable" => "See that the server at Saga:Cache:Redis:ConnectionString runs, can be reached, and takes its password.",
        "redis-sign-in-refused" => "Set the user and the password of Saga:Cache:Redis:ConnectionString to those of the server, and require a password of the server's default user.",
        "redis-access-denied" => "Let the user of Saga:Cache:Redis:ConnectionString manage users (ACL, CONFIG GET, SCAN, UNLINK), and replay the step.",
        "redis-not-empty" => "Stop what writes to the tenant's keys, and replay the step.",
        _ => "Mend the cause that the message names (Redis 7 or newer is needed), and replay the step.",
    };
}
