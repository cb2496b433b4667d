using System.Formats.Tar;
using System.IO.Compression;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Host.Processes;
using Saga.Orchestrator;
using Saga.Registry.Schema;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers;
using Saga.Workers.Custom;
using Saga.Workers.Identity.Embedded;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>
/// A whole installation on embedded adapters: a PostgreSQL cluster with the registry and the tenants' places, and the folders of objects, backups and mails.
/// It can be packed into a file of <c>TestData</c>, and unpacked by later versions.
/// </summary>
internal sealed class StoredInstallation : IAsyncDisposable
{
    private const string RegistryDatabase = "registry";
    private const string Sql = "cluster.sql";
    private const string Files = "files";
    private readonly DirectoryInfo folder;
    private readonly PrivatePostgres postgres;

    private StoredInstallation(DirectoryInfo folder, PrivatePostgres postgres)
    {
        (this.folder, this.postgres) = (folder, postgres);
        Registry = NpgsqlDataSource.Create(postgres.ConnectionString(RegistryDatabase) + ";Persist Security Info=true");
    }

    /// <summary>As a superuser.</summary>
    public NpgsqlDataSource Registry { get; }

    /// <summary>One without a registry.</summary>
    public static async Task<StoredInstallation> CreateAsync()
    {
        var temporary = Directory.CreateTempSubdirectory("saga-test-stored-");
        // PostgreSQL runs as another user when the tests run as root.
        File.SetUnixFileMode(temporary.FullName, (UnixFileMode)0b111_101_101);
        temporary.CreateSubdirectory(Files);
        // The newest installed one, because what packs and unpacks belongs to it.
        return new(temporary, await PrivatePostgres.StartAsync(Path.Combine(temporary.FullName, "postgres"), ["fsync=off", "full_page_writes=off"]));
    }

    /// <summary>Prepares the server and creates a registry of this version.</summary>
    public async Task PrepareAsync()
    {
        await TestProvisioner.PrepareAsync(postgres.ConnectionString("postgres"));
        await ClosedDatabases.CreateAsync(postgres.ConnectionString("postgres"), RegistryDatabase);
        await MigrateAsync();
    }

    /// <summary>The installation of that version, not upgraded yet, as if its programs had died half a minute ago.</summary>
    public static async Task<StoredInstallation> UnpackAsync(string version)
    {
        var installation = await CreateAsync();
        await using var archive = typeof(StoredInstallation).Assembly.GetManifestResourceStream(FileOf(version)) ?? throw new ArgumentException($"No installation of version {version} is kept.", nameof(version));
        await using var unzipped = new GZipStream(archive, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(unzipped, installation.folder.FullName, overwriteFiles: true);
        await installation.RunAsync("psql", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", Path.Combine(installation.folder.FullName, Sql));
        // As an operator does, because pg_dumpall leaves out privileges on the server's own databases.
        await TestProvisioner.PrepareAsync(installation.postgres.ConnectionString("postgres"));
        await using var connection = await installation.Registry.OpenConnectionAsync();
        await StoredRegistry.MoveTimesAsync(connection);
        return installation;
    }

    /// <summary>Packs everything as it is at the moment. Nothing may change meanwhile.</summary>
    public async Task PackAsync(string path)
    {
        var dump = Path.Combine(folder.FullName, Sql);
        await RunAsync("pg_dumpall", "-f", dump);
        // The server that this is loaded into has its own superuser.
        string[] own = ["CREATE ROLE saga_admin;", "ALTER ROLE saga_admin "];
        await File.WriteAllLinesAsync(dump, (await File.ReadAllLinesAsync(dump)).Where(line => !own.Any(o => line.StartsWith(o, StringComparison.Ordinal))));
        await postgres.StopAsync();
        Directory.Delete(Path.Combine(folder.FullName, "postgres"), recursive: true);
        await using var file = File.Create(path);
        await using var zipped = new GZipStream(file, CompressionLevel.SmallestSize);
        await TarFile.CreateFromDirectoryAsync(folder.FullName, zipped, includeBaseDirectory: false);
    }

    public static string FileOf(string version) => $"installation-{version}.tar.gz";

    /// <summary>Brings the registry to this version.</summary>
    public async Task MigrateAsync()
    {
        await new RegistryMigrator(Registry).MigrateAsync();
        await ProgramLogins.EnsureAsync(Registry);
        await EmbeddedDirectorySchema.EnsureAsync(Registry, CancellationToken.None);
        await ScalarAsync<int>(
            $"""
            grant usage on schema embedded_identity to {ProgramLogins.Provisioning};
            grant select, insert, update, delete on all tables in schema embedded_identity to {ProgramLogins.Provisioning};
            """);
    }

    /// <summary>Starts the orchestrator, all workers and a team's worker of this version.</summary>
    public async Task<IHost> RunAsync(StepFaults? faults = null, int leaseSeconds = 2)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Saga:Mode"] = "embedded",
            ["Saga:Registry:ConnectionString"] = ProgramLogins.On(Registry.ConnectionString, ProgramLogins.Provisioning),
            ["Saga:Bus:Adapter"] = "inmemory",
            ["Saga:Sealing:ActiveKey"] = "k1",
            // The same in every version.
            ["Saga:Sealing:MasterKeys:k1"] = Convert.ToBase64String(new byte[32]),
            ["Saga:Runtime:Keys:r1"] = RuntimeLogin.Key,
            ["Saga:Databases:Servers:main:ConnectionString"] = TestProvisioner.On(postgres.ConnectionString("postgres")),
            ["Saga:Databases:Servers:main:WarmDatabases"] = "0",
            ["Saga:Storage:Adapter"] = "folder",
            ["Saga:Storage:Folder:Path"] = Path.Combine(folder.FullName, Files, "objects"),
            ["Saga:Cache:Adapter"] = "inprocess",
            ["Saga:Identity:Adapter"] = "embedded",
            ["Saga:Mail:Adapter"] = "folder",
            ["Saga:Mail:Folder:Path"] = Path.Combine(folder.FullName, Files, "mail"),
            ["Saga:Mail:From"] = "Saga <no-reply@saga.example>",
            ["Saga:Mail:SignInUrl"] = "https://app.example.com",
            ["Saga:Backups:Schedule:Cron"] = "none",
            ["Saga:Backups:Registry:Cron"] = "none",
            ["Saga:Credentials:DrainSeconds"] = "25",
            ["Saga:Workers:LeaseSeconds"] = leaseSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Saga:Workers:CircuitSeconds"] = "1",
            ["Saga:Orchestrator:SweepMilliseconds"] = "100",
        });
        builder.Services.AddOrchestrator(builder.Configuration).AddWorkers(builder.Configuration).AddCustomWorker(builder.Configuration, StoredStep.Worker, steps => steps.Add<StoredStep>());
        faults?.Decorate(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Opens a database of the cluster, as a superuser.</summary>
    public async Task<NpgsqlConnection> OpenAsync(string database, string schema = "public")
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(postgres.ConnectionString(database)) { SearchPath = schema, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        await postgres.StopAsync(immediate: true);
        folder.Delete(recursive: true);
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        // In a file, because pg_dumpall gives no password on.
        var passwords = Path.Combine(folder.FullName, "passwords");
        await File.WriteAllTextAsync(passwords, $"*:*:*:*:{postgres.Password}\n");
        File.SetUnixFileMode(passwords, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var server = new NpgsqlConnectionStringBuilder(postgres.ConnectionString("postgres"));
        await ChildProcesses.RunAsync(
            [Path.Combine(PostgresPrograms.Find().Folder, program), "-d", $"host={server.Host} port={server.Port} user={server.Username} passfile={passwords} dbname=postgres", .. arguments], folder.FullName);
        File.Delete(passwords);
    }
}
