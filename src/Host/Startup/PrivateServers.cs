using Dapper;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Host.Local;
using Saga.Host.Processes;
using Saga.Workers.Database.Preparation;

namespace Saga.Host.Startup;

/// <summary>The servers that the host starts itself, before everything else, and stops last; and the settings that follow from them.</summary>
internal sealed class PrivateServers : IAsyncDisposable
{
    private PrivatePostgres? postgres;
    private LocalServers? servers;

    private PrivateServers(DataFolder folder) => Folder = folder;

    public DataFolder Folder { get; }

    /// <summary>Default settings; the user's configuration overrides them.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The servers, for <see cref="ServerRestarter"/>.</summary>
    public IReadOnlyCollection<IPrivateServer> Servers => [.. servers?.Servers ?? [], .. postgres is null ? Array.Empty<IPrivateServer>() : [postgres]];

    public static async Task<PrivateServers> StartAsync(HostMode mode, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var path = DataFolderPlace.Choose(configuration[DataFolder.Key], message => Console.Error.WriteLine($"saga: {message}"));
        var started = new PrivateServers(DataFolder.Open(path));
        try
        {
            if (mode == HostMode.Local)
            {
                MachineSettings.KeepFromClients();
                started.servers = await LocalServers.StartAsync(started.Folder, cancellationToken);
            }

            if (string.IsNullOrEmpty(configuration[ModeRules.RegistryKey]))
                await started.StartPostgresAsync(configuration, cancellationToken);
            started.Take(EmbeddedSettings.Of(started.Folder, configuration));
            started.Take(configuration[ModeRules.IdentityKey] is { Length: > 0 } and not ModeRules.EmbeddedIdentity
                ? EmbeddedSettings.OfKeycloak(configuration)
                : EmbeddedSettings.OfIdentity(started.Folder, started.Settings[ModeRules.AddressKey]!));
            started.Take(started.servers?.Settings ?? []);
            return started;
        }
        catch (Exception e)
        {
            await started.DisposeAsync();
            if (e is IOException or UnauthorizedAccessException or FormatException)
                throw new StartException($"The data folder {path} cannot be used: {e.Message} If its data is not needed, delete it.");
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(servers?.DisposeAsync().AsTask() ?? Task.CompletedTask, postgres?.DisposeAsync().AsTask() ?? Task.CompletedTask);
        Folder.Dispose();
    }

    private void Take(Dictionary<string, string?> settings)
    {
        foreach (var (key, value) in settings)
            Settings[key] = value;
    }

    private async Task StartPostgresAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var provisioner = new Provisioner(Provisioner.DefaultName, Folder.Secret("provisioner-password", Convert.ToHexStringLower));
        string registry;
        try
        {
            postgres = await PrivatePostgres.StartAsync(Folder.In("postgres"), cancellationToken: cancellationToken);
            await SetUpAsync(postgres, provisioner, cancellationToken);
            registry = await EmbeddedRegistry.PrepareAsync(postgres, Folder, configuration, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new StartException(e.Message);
        }
        catch (NpgsqlException e)
        {
            throw new StartException($"The PostgreSQL in {Folder.In("postgres")} cannot be used: {e.Message} If its data is not needed, delete that folder; the next start creates a new cluster.");
        }

        Settings[ModeRules.RegistryKey] = registry;
        // A user who only sets something else about this server does not have to know its address.
        var databases = configuration.GetSection("Saga:Databases:Servers");
        if (!databases.GetChildren().Any() || (databases.GetSection("main").Exists() && string.IsNullOrEmpty(databases["main:ConnectionString"])))
            Settings["Saga:Databases:Servers:main:ConnectionString"] = new NpgsqlConnectionStringBuilder(postgres.ConnectionString("postgres"))
            {
                Username = provisioner.Name, Password = provisioner.Password,
            }.ConnectionString;
    }

    private static async Task SetUpAsync(PrivatePostgres postgres, Provisioner provisioner, CancellationToken cancellationToken)
    {
        // Not pooled, so that the superuser has no session once the programs run.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(postgres.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        if (await connection.ExecuteScalarAsync<int?>("select 1 from pg_database where datname = 'saga'") is null)
            await connection.ExecuteAsync("create database saga");
        await ServerPreparation.RunAsync(postgres.ConnectionString("postgres"), provisioner, cancellationToken: cancellationToken);
    }
}
