using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Registry.Schema;
using Saga.Tests.Support.Keycloak;
using System.Globalization;
using System.Security.Cryptography;

namespace Saga.Tests.Support.World;

/// <summary>One control plane: its registry, and the settings for its external systems.</summary>
public sealed class Site
{
    public const string Caller = "test";
    private static int tenants;
    private readonly ICommandIntake<ProvisionTenant> intake;

    private Site(World world, NpgsqlDataSource registry, KeycloakStub keycloak, string bucket, IReadOnlyList<SiteServer> servers)
    {
        (World, Registry, Keycloak, Bucket, Servers) = (world, registry, keycloak, bucket, servers);
        Mail = new MailSink(_ => MailAnswer);
        intake = Intakes.Provision(registry);
    }

    public World World { get; }

    public NpgsqlDataSource Registry { get; }

    public KeycloakStub Keycloak { get; }

    public MailSink Mail { get; }

    /// <summary>The mail server's replies; the default ones when null.</summary>
    public string? MailAnswer { get; set; }

    public string Bucket { get; }

    public IReadOnlyList<SiteServer> Servers { get; }

    /// <summary>The full configuration of this control plane's processes. Changes apply to processes started later.</summary>
    public required Dictionary<string, string?> Settings { get; init; }

    public static async Task<Site> SetUpAsync(World world, string name, string registry, string rabbit, IReadOnlyList<SiteServer> servers)
    {
        var keycloak = await KeycloakStub.StartAsync(new KeycloakStubOptions { KeepCalls = false });
        var source = NpgsqlDataSource.Create(registry);
        await new RegistryMigrator(source).MigrateAsync();
        await RuntimeLogin.EnsureAsync(source);
        await ProgramLogins.EnsureAsync(source);
        // Commands are posted before a process runs, and while all processes are down.
        await Seed.ProcessAsync(source);
        foreach (var server in servers)
            await Seed.ServerAsync(source, server.Name, "default", maxTenants: server.MaxTenants);
        var bucket = S3Server.NewBucket();
        // Short, because compensations wait for it. The slower the machine, the later an external system acts on a request that was given up.
        var lingers = WaitLimit.Seconds(1).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var site = new Site(world, source, keycloak, bucket, servers)
        {
            Settings = new(keycloak.Settings, StringComparer.OrdinalIgnoreCase)
            {
                ["Saga:Mode"] = "real",
                ["Saga:Registry:ConnectionString"] = ProgramLogins.On(registry, ProgramLogins.Provisioning),
                ["Saga:Bus:Adapter"] = "rabbitmq",
                ["Saga:Bus:RabbitMq"] = rabbit,
                ["Saga:Storage:Adapter"] = "s3",
                ["Saga:Storage:S3:ServiceUrl"] = world.S3.Url,
                ["Saga:Storage:S3:AccessKey"] = world.S3.AccessKey,
                ["Saga:Storage:S3:SecretKey"] = world.S3.SecretKey,
                ["Saga:Storage:S3:Bucket"] = bucket,
                ["Saga:Storage:S3:TimeoutSeconds"] = "10",
                ["Saga:Cache:Adapter"] = "redis",
                ["Saga:Cache:Redis:ConnectionString"] = world.Redis.Address,
                ["Saga:Mail:Adapter"] = "smtp",
                ["Saga:Mail:From"] = "Saga <no-reply@saga.example>",
                ["Saga:Mail:SignInUrl"] = "https://app.example.com",
                ["Saga:Mail:Smtp:Host"] = "127.0.0.1",
                ["Saga:Mail:Smtp:Tls"] = "false",
                ["Saga:Sealing:ActiveKey"] = "k1",
                ["Saga:Sealing:MasterKeys:k1"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
                ["Saga:Runtime:Keys:r1"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
                ["Saga:Runtime:Registry:ConnectionString"] = RuntimeLogin.On(registry),
                // Short, so that other processes soon take over after a crash, but not so short that a busy machine keeps a renewal waiting.
                ["Saga:Workers:LeaseSeconds"] = WaitLimit.Seconds(2).TotalSeconds.ToString("0", CultureInfo.InvariantCulture),
                ["Saga:Identity:Keycloak:LingersForSeconds"] = lingers,
                ["Saga:Storage:S3:LingersForSeconds"] = lingers,
                ["Saga:Cache:Redis:LingersForSeconds"] = lingers,
                ["Saga:Orchestrator:RedeliverySeconds"] = "2",
                ["Saga:Workers:CircuitSeconds"] = "1",
                ["Saga:Orchestrator:OutboxClaimSeconds"] = "2",
                ["Saga:Orchestrator:OutboxSendSeconds"] = "1",
                ["Saga:Orchestrator:SweepMilliseconds"] = "100",
                ["Saga:Identity:Keycloak:RetryDelayMilliseconds"] = "50",
                // Tests count backups, at whatever time of the day they run.
                ["Saga:Backups:Schedule:Cron"] = "none",
                ["Saga:Backups:Registry:Cron"] = "none",
            },
        };
        site.Settings["Saga:Mail:Smtp:Port"] = site.Mail.Port.ToString(CultureInfo.InvariantCulture);
        foreach (var server in servers)
        {
            site.Settings[$"Saga:Databases:Servers:{server.Name}:ConnectionString"] = TestProvisioner.On(server.ConnectionString);
            site.Settings[$"Saga:Databases:Servers:{server.Name}:MaxTenants"] = server.MaxTenants.ToString(CultureInfo.InvariantCulture);
            // Whether a warm database is available is random, and these sites count the crash points on a tenant's path.
            site.Settings[$"Saga:Databases:Servers:{server.Name}:WarmDatabases"] = "0";
        }

        return site;
    }

    public IConfiguration Configuration() => new ConfigurationBuilder().AddInMemoryCollection(Settings).Build();

    /// <summary>A command that no other test sends. Its idempotency key allows sending it again after a crash.</summary>
    public static ProvisionTenant NewCommand(string plan)
    {
        var slug = string.Create(CultureInfo.InvariantCulture, $"tenant-{Interlocked.Increment(ref tenants)}-{Guid.NewGuid().ToString("n")[..6]}");
        return new ProvisionTenant { Name = $"Tenant {slug}", Slug = slug, Plan = plan, AdminEmail = $"admin@{slug}.example", Domain = plan == "basic" ? null : $"{slug}.example", IdempotencyKey = slug };
    }

    /// <summary>Submits the command like the API. A repeated submission returns the same operation.</summary>
    public async Task<CommandAccepted> SubmitAsync(ProvisionTenant command) => await intake.SubmitAsync(command, Lifecycle.Intake.Caller.OfToken(Caller), default) switch
    {
        CommandAccepted accepted => accepted,
        CommandRejected rejected => throw new InvalidOperationException($"{command.Slug} was refused: {rejected.Rejection.Code}: {rejected.Rejection.Detail}"),
        _ => throw new InvalidOperationException("No outcome."),
    };

    public async Task<OperationState> StateAsync(Guid operation)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        var text = await connection.ExecuteScalarAsync<string>("select state from operations where id = @operation", new { operation });
        return Enum.Parse<OperationState>(text!, ignoreCase: true);
    }

    /// <summary>Waits until the operation has come to rest. A failure includes its history.</summary>
    public async Task<OperationState> EndAsync(Guid operation, TimeSpan? limit = null)
    {
        var state = OperationState.Accepted;
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    try
                    {
                        return HasEnded(state = await StateAsync(operation));
                    }
                    catch (NpgsqlException)
                    {
                        // The test has stopped the server, so the pool's connections are broken.
                        return false;
                    }
                }, $"operation {operation} ends", limit ?? TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}\n{await StoryAsync(operation)}", error);
        }

        return state;
    }

    /// <summary>The operation's history, one event per line.</summary>
    public async Task<string> StoryAsync(Guid operation)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        var lines = await connection.QueryAsync<string>(
            """
            select concat_ws(' ', to_char(at, 'HH24:MI:SS.MS'), event, step, 'attempt ' || attempt, 'fence ' || fence, left(data::text, 300))
            from operation_history where operation_id = @operation order by id
            """,
            new { operation });
        return string.Join('\n', lines);
    }

    public static bool HasEnded(OperationState state) =>
        state is OperationState.Completed or OperationState.Compensated or OperationState.Stalled or OperationState.Cancelled;
}
