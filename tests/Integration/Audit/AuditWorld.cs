using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Audit;
using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Saga.Workers.Audit;
using Saga.Workers.Backup;
using Saga.Workers.Backup.Files;

namespace Saga.Tests.Integration.Audit;

/// <summary>A registry with its owner's rights, a sealer with the workers' login, a check with the Api's, and a folder for the heads.</summary>
internal sealed class AuditWorld : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("audit");
    private readonly string address;
    private readonly NpgsqlDataSource workers;
    private readonly NpgsqlDataSource api;

    private AuditWorld(NpgsqlDataSource registry, string address)
    {
        (Registry, this.address) = (registry, address);
        (workers, api) = (NpgsqlDataSource.Create(ProgramLogins.On(address, ProgramLogins.Workers)), NpgsqlDataSource.Create(ProgramLogins.On(address, ProgramLogins.Api)));
        Options.SigningKey = NewKey();
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(Options.SigningKey), out _);
        PublicKey = key.ExportSubjectPublicKeyInfoPem();
    }

    public NpgsqlDataSource Registry { get; }

    public AuditOptions Options { get; } = new();

    public AuditSealStore Store => new(workers);

    public AuditCopies Copies => new(Files);

    public IReadOnlyList<string> StoredFiles => [.. folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder.FullName, f.FullName)).Order(StringComparer.Ordinal)];

    private FolderBackupFiles Files => new(Microsoft.Extensions.Options.Options.Create(new StorageOptions()), Microsoft.Extensions.Options.Options.Create(new BackupOptions { Folder = folder.FullName }));

    public static async Task<AuditWorld> CreateAsync()
    {
        var registry = await PostgresServer.NewRegistryAsync();
        await ProgramLogins.EnsureAsync(registry);
        return new(registry, registry.ConnectionString);
    }

    public static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    /// <summary>The public half of the first key.</summary>
    public string PublicKey { get; }

    public Task RemoveCopiesAsync() => Files.RemoveAsync("audit", CancellationToken.None);

    public AuditKeys Keys() => new(Microsoft.Extensions.Options.Options.Create(Options));

    public AuditSealer Sealer() => new(Store, Keys(), Copies, Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System, NullLogger<AuditSealer>.Instance);

    public NpgsqlDataSource As(string login) => NpgsqlDataSource.Create(ProgramLogins.On(address, login));

    /// <summary>As the Host's command gets it.</summary>
    public IConfiguration Configuration() => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Saga:Registry:ConnectionString"] = ProgramLogins.On(address, ProgramLogins.Api),
        ["Saga:Storage:Adapter"] = "folder",
        ["Saga:Storage:Folder:Path"] = folder.FullName,
        ["Saga:Backups:Folder"] = folder.FullName,
        ["Saga:Audit:PublicKeys:production"] = PublicKey,
    }).Build();

    public Task<AuditReport> CheckAsync() => new AuditCheck(api, Keys(), Copies, Microsoft.Extensions.Options.Options.Create(Options)).RunAsync(CancellationToken.None);

    /// <summary>Writes lines as a program does.</summary>
    public Task WriteAsync(int lines, string age = "0") => ExecuteAsync(
        $"insert into audit (at, actor, action, origin, detail) select now() - interval '{age}', 'ada', 'tenant.suspend', 'bus', jsonb_build_object('reason', 'Line ' || i) from generate_series(1, {lines}) i");

    /// <summary>Seals what is there.</summary>
    public Task SealAsync() => Sealer().PassAsync(CancellationToken.None);

    /// <summary>As somebody who may do everything in the registry.</summary>
    public async Task TamperAsync(string sql)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"set session_replication_role = replica; {sql}; reset session_replication_role", connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await workers.DisposeAsync();
        await api.DisposeAsync();
        await Registry.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
