using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>Where the tenants' caches are. Section <c>Saga:Cache</c>.</summary>
public sealed class CacheOptions
{
    public const string Section = "Saga:Cache";
    public const string RedisAdapter = "redis";
    public const string InProcessAdapter = "inprocess";

    /// <summary><c>redis</c> or <c>inprocess</c>.</summary>
    public string Adapter { get; set; } = "";

    public RedisOptions Redis { get; set; } = new();
}

public sealed class RedisOptions
{
    /// <summary>In StackExchange.Redis' format: <c>host:port,password=…,ssl=true</c>. The default user must be allowed ACL and CONFIG GET.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Time limit for one call to the server.</summary>
    public int TimeoutSeconds { get; set; } = 5;

    /// <summary>How long the server may still act on a command that got no answer. After such a command, the compensation runs once more when this time is over.</summary>
    public int LingersForSeconds { get; set; } = 10;
}

internal sealed class CacheOptionsValidation : IValidateOptions<CacheOptions>
{
    public ValidateOptionsResult Validate(string? name, CacheOptions options) => options.Adapter switch
    {
        CacheOptions.InProcessAdapter => ValidateOptionsResult.Success,
        CacheOptions.RedisAdapter when !IsAddress(options.Redis.ConnectionString) => ValidateOptionsResult.Fail(
            "Saga:Cache:Redis:ConnectionString must be the Redis server's 'host:port', with options such as ',password=…,ssl=true' after it."),
        CacheOptions.RedisAdapter when options.Redis.TimeoutSeconds is < 1 or > 600 => ValidateOptionsResult.Fail(
            "Saga:Cache:Redis:TimeoutSeconds must be 1 to 600."),
        CacheOptions.RedisAdapter when options.Redis.LingersForSeconds is < 0 or > 3600 => ValidateOptionsResult.Fail(
            "Saga:Cache:Redis:LingersForSeconds must be 0 to 3600."),
        CacheOptions.RedisAdapter => ValidateOptionsResult.Success,
        _ => ValidateOptionsResult.Fail("Saga:Cache:Adapter must be 'redis' or 'inprocess'."),
    };

    private static bool IsAddress(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text).EndPoints.Count > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
