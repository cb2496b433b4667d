using Dapper;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Host.Local;
using Saga.Host.Processes;
using Saga.Workers.Database.Preparation;

namespace Saga.Host.Startup;

/// <summary>The servers that the host starts itself, before everything else, and stops last; and the settings that follow from them.</summary>
internal sealed class BroughtAlong : IAsyncDisposable
{
    private PrivatePostgres? postgres;
    private LocalServers? servers;

    private BroughtAlong(DataFolder folder) => Folder = folder;

    public DataFolder Folder { get; }

    /// <summary>Default settings; the user's configuration overrides them.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The servers, for <see cref="ServerKeeper"/>.</summary>
    public IReadOnlyCollection<IPrivateServer> Servers => [.. servers?.Servers ?? [], .. postgres is null ? Array.Empty<IPrivateServer>() : [postgres]];

    public static async Task<BroughtAlong> StartAsync(HostMode mode, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var path = DataFolderPlace.Choose(configuration[DataFolder.Key], message => Console.Error.WriteLine($"saga: {message}"));
        var brought = new BroughtAlong(DataFolder.Open(path));
        try
        {
            if (mode == HostMode.Local)
            {
                MachineSettings.KeepFromClients();
                brought.servers = await LocalServers.StartAsync(brought.Folder, cancellationToken);
            }

            if (string.IsNullOrEmpty(configuration[ModeRules.RegistryKey]))
                await brought.StartPostgresAsync(configuration, cancellationToken);
            brought.Take(EmbeddedSettings.Of(brought.Folder, configuration));
            brought.Take(configuration[ModeRules.IdentityKey] is { Length: > 0 } and not ModeRules.EmbeddedIdentity
                ? EmbeddedSettings.OfKeycloak(configuration)
                : EmbeddedSettings.OfIdentity(brought.Folder, brought.Settings[ModeRules.AddressKey]!));
            brought.Take(brought.servers?.Settings ?? []);
            return brought;
        }
        catch (Exception e)
        {
            await brought.DisposeAsync();
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
