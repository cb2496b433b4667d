using System.Security.Cryptography;
using Saga.Bench.Figures;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;

namespace Saga.Bench.Servers;

/// <summary>Every external system that provisioning uses, and the settings for them.</summary>
internal sealed class ExternalSystems : IAsyncDisposable
{
    private readonly string mail = Directory.CreateTempSubdirectory("saga-bench-mail-").FullName;
    private readonly string master = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly string runtime = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly BenchPostgres postgres;
    private readonly KeycloakStub keycloak;
    private readonly S3Server s3;
    private readonly RedisServer redis;
    private readonly TestIssuer issuer;

    private ExternalSystems(BenchPostgres postgres, KeycloakStub keycloak, S3Server s3, RedisServer redis, TestIssuer issuer)
    {
        (this.postgres, this.keycloak, this.s3, this.redis, this.issuer) = (postgres, keycloak, s3, redis, issuer);
    }

    /// <summary>An administrator's token, valid for hours.</summary>
    public string Token(TimeProvider time)
    {
        var claims = issuer.Claims("platform-admin");
        claims["exp"] = time.GetUtcNow().AddHours(6).ToUnixTimeSeconds();
        return issuer.Sign(claims);
    }

    public BenchPostgres Postgres => postgres;

    /// <param name="keycloakLatency">The stub's delay before each response, because it has neither a database nor password hashing.</param>
    /// <param name="postgres">PostgreSQL settings (<c>name=value</c>) on top of those of a private cluster.</param>
    public static async Task<ExternalSystems> StartAsync(TimeSpan keycloakLatency, params string[] postgres) => new(
        await BenchPostgres.StartAsync(postgres),
        await KeycloakStub.StartAsync(new KeycloakStubOptions { Latency = keycloakLatency, KeepCalls = false }),
        await S3Server.SharedAsync(), await RedisServer.SharedAsync(), await TestIssuer.StartAsync());

    public Dictionary<string, string?> Settings(string registry) => new(keycloak.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Registry:ConnectionString"] = registry,
        ["Saga:Databases:Servers:main:ConnectionString"] = TestProvisioner.On(postgres.Admin),
        ["Saga:Databases:Servers:main:MaxTenants"] = "100000",
        ["Saga:Storage:Adapter"] = "s3",
        ["Saga:Storage:S3:ServiceUrl"] = s3.Url,
        ["Saga:Storage:S3:AccessKey"] = s3.AccessKey,
        ["Saga:Storage:S3:SecretKey"] = s3.SecretKey,
        ["Saga:Storage:S3:Bucket"] = "saga-bench",
        ["Saga:Cache:Adapter"] = "redis",
        ["Saga:Cache:Redis:ConnectionString"] = redis.Address,
        ["Saga:Mail:Adapter"] = "folder",
        ["Saga:Mail:Folder:Path"] = mail,
        ["Saga:Mail:From"] = "Saga <saga@example.com>",
        ["Saga:Mail:SignInUrl"] = "https://console.example.com",
        ["Saga:Sealing:ActiveKey"] = "k1",
        ["Saga:Sealing:MasterKeys:k1"] = master,
        ["Saga:Runtime:Keys:r1"] = runtime,
        ["Saga:Auth:Authority"] = issuer.Authority,
        ["Saga:Auth:Audience"] = TestIssuer.Audience,
        ["Saga:Auth:RequireHttps"] = "false",
    };

    public async Task<string[]> VersionsAsync() =>
    [
        await postgres.VersionAsync(), await Machine.VersionAsync("RabbitMQ", "/usr/lib/rabbitmq/bin/rabbitmqctl", "version") + " (quorum queues)",
        await Machine.VersionAsync("Redis", "redis-server", "--version"), await Machine.VersionAsync("Ceph gateway", "radosgw", "--version"),
    ];

    public async ValueTask DisposeAsync()
    {
        await keycloak.DisposeAsync();
        await issuer.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(mail, recursive: true);
    }
}
