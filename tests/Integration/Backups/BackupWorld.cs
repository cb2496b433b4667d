using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Backup;
using Saga.Workers.Backup.Files;
using Saga.Workers.Storage;

namespace Saga.Tests.Integration.Backups;

/// <summary>Tenants on the shared PostgreSQL server with objects in a folder, and the workers that back them up.</summary>
internal sealed class BackupWorld : IAsyncDisposable
{
    /// <summary>The steps of a backup, in an order in which they may run.</summary>
    public static readonly string[] Steps = [StepNames.BeginBackup, StepNames.BackupRows, StepNames.BackupSettings, StepNames.BackupObjects, StepNames.CompleteBackup];

    private BackupWorld(DatabaseWorld database, string folder) => (Database, Folder) = (database, folder);

    public DatabaseWorld Database { get; }

    public NpgsqlDataSource Registry => Database.Registry;

    /// <summary>The folder with objects and backups.</summary>
    public string Folder { get; }

    public BackupReader Reader => Database.Get<BackupReader>();

    public BackupStore Store => Database.Get<BackupStore>();

    public IObjectStore Objects => Database.Get<IObjectStore>();

    public required LogLines Log { get; init; }

    public static Task<BackupWorld> CreateAsync(params (string Key, string Value)[] settings) => CreateAsync(null, settings);

    /// <param name="registry">The registry; a new one when null.</param>
    /// <param name="settings">Configuration on top of what is needed.</param>
    public static Task<BackupWorld> CreateAsync(NpgsqlDataSource? registry, params (string Key, string Value)[] settings) => CreateAsync(registry, null, settings);

    /// <param name="registry">The registry; a new one when null.</param>
    /// <param name="change">Registrations that come first.</param>
    /// <param name="settings">Configuration on top of what is needed.</param>
    public static async Task<BackupWorld> CreateAsync(NpgsqlDataSource? registry, Action<IServiceCollection>? change, params (string Key, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("saga-backups-").FullName;
        var log = new LogLines();
        (string, string)[] usual = [("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder), .. Tools()];
        var database = await DatabaseWorld.CreateAsync(
            registry, change,
            further: (services, configuration) => services.AddResource<StorageModule>(configuration).AddResource<BackupModule>(configuration)
                .AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log),
            settings: [.. usual.Where(t => settings.All(s => s.Key != t.Item1)), .. settings]);
        return new(database, folder) { Log = log };
    }

    // The tested server may be newer than the installed pg_dump.
    internal static IEnumerable<(string, string)> Tools() => TestedPostgres.Folder is { } folder ? [("Saga:Backups:PostgresTools", folder)] : [];

    /// <summary>An active tenant with a user, a document, an object and settings.</summary>
    public async Task<SeededTenant> ActiveAsync(IsolationTier tier)
    {
        var tenant = await Database.ReadyAsync(tier);
        await Database.ExecuteAsync(tenant, StepNames.Storage);
        await Database.AddUserAsync(tenant, withDocument: true);
        await Objects.For(tenant.Id).PutAsync(ObjectKey.Parse("invoices/1.txt"), new MemoryStream("an invoice"u8.ToArray()), default);
        await Registry.ExecuteAsync(
            """
            update placements set state = 'current' where tenant_id = @Value;
            update tenants set status = 'active' where id = @Value;
            insert into tenant_settings (tenant_id, key, value, sealed) values (@Value, 'colour', '"red"', null), (@Value, 'secret', null, '\x0102');
            """,
            new { tenant.Id.Value });
        await WishAsync(tenant, new() { TenantId = tenant.Id });
        return tenant;
    }

    /// <summary>Another operation of the tenant, with the same command.</summary>
    public async Task<SeededTenant> NextAsync(SeededTenant tenant)
    {
        var next = tenant with { OperationId = Guid.CreateVersion7() };
        await Registry.ExecuteAsync(
            """
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
            select @Next, 'backup', tenant_id, workflow_digest, 'running', input, 'system' from operations where id = @OperationId
            """,
            new { Next = next.OperationId, tenant.OperationId });
        return next;
    }

    /// <summary>The command that the tenant's operation runs.</summary>
    public Task WishAsync(SeededTenant tenant, BackupTenant command) => Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb, kind = 'backup' where id = @OperationId", new { tenant.OperationId, Input = JsonSerializer.Serialize(command, Saga.Contracts.Json.Options) });

    /// <summary>Runs the steps of a backup, up to the given one.</summary>
    public async Task<Guid> BackUpAsync(SeededTenant tenant, string last = StepNames.CompleteBackup)
    {
        foreach (var step in Steps.Take(Array.IndexOf(Steps, last) + 1))
            await Database.ExecuteAsync(tenant, step);
        return await IdAsync(tenant);
    }

    public Task<Guid> IdAsync(SeededTenant tenant) => Registry.ScalarAsync<Guid>("select id from backups where operation_id = @OperationId", new { tenant.OperationId });

    /// <summary>Undoes the steps in an order in which the engine undoes them.</summary>
    public async Task UndoAsync(SeededTenant tenant, Failure? failure = null)
    {
        if (failure is not null)
        {
            await Registry.ExecuteAsync(
                "update operations set failure = @Failure::jsonb where id = @OperationId",
                new { tenant.OperationId, Failure = JsonSerializer.Serialize(failure, Saga.Contracts.Json.Options) });
        }

        foreach (var step in Steps.Reverse())
            await Database.CompensateAsync(tenant, step);
    }

    /// <summary>All files of backups.</summary>
    public IReadOnlyList<string> Files() =>
        Directory.Exists(Path.Combine(Folder, "backups")) ? [.. Directory.EnumerateFiles(Path.Combine(Folder, "backups"), "*", SearchOption.AllDirectories)] : [];

    /// <summary>The decrypted content of a part.</summary>
    public async Task<byte[]> PartAsync(SeededTenant tenant, Guid backup, string name)
    {
        var manifest = await Reader.OpenAsync(backup, default);
        await using var part = await Reader.OpenPartAsync(tenant.Id, backup, manifest.Parts.Single(p => p.Name == name), default);
        var content = new MemoryStream();
        await part.CopyToAsync(content);
        return content.ToArray();
    }

    /// <summary>The addresses of the tenant's users, as the tenant reads them.</summary>
    public async Task<IReadOnlyList<string>> EmailsAsync(SeededTenant tenant)
    {
        await using var session = await Database.Connections.OpenAsync(tenant.Id, default);
        return [.. await session.Connection.QueryAsync<string>("select email from users order by 1")];
    }

    /// <summary>Adds a user as the tenant.</summary>
    public async Task WriteAsync(SeededTenant tenant)
    {
        await using var session = await Database.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('new@acme.com', 'New')");
        await session.CommitAsync(default);
    }

    /// <summary>How many restored databases of the tenant's operation the registry and the server have.</summary>
    public async Task<long> RestoredDatabasesAsync(SeededTenant tenant) =>
        await Registry.ScalarAsync<long>("select count(*) from restored_databases")
        + (await Database.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = 'restored_{tenant.OperationId:n}'")).Count;

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
