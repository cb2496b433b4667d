using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Tenancy.Objects;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Exports;
using Saga.Workers.Identity;
using Saga.Workers.Storage;

namespace Saga.Tests.Integration.Exports;

/// <summary>Tenants on the shared PostgreSQL server with objects in a folder and members in the embedded directory, and the workers that export them.</summary>
internal sealed class ExportWorld : IAsyncDisposable
{
    private ExportWorld(DatabaseWorld database, string folder) => (Database, Folder) = (database, folder);

    public DatabaseWorld Database { get; }

    public NpgsqlDataSource Registry => Database.Registry;

    /// <summary>The folder with objects and exports.</summary>
    public string Folder { get; }

    public ExportStore Store => Database.Get<ExportStore>();

    public required LogLines Log { get; init; }

    public static async Task<ExportWorld> CreateAsync(params (string Key, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("saga-exports-").FullName;
        var log = new LogLines();
        var database = await DatabaseWorld.CreateAsync(
            further: (services, configuration) => services.AddResource<StorageModule>(configuration).AddResource<ExportModule>(configuration)
                .AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log),
            settings:
            [
                ("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder), ("Saga:Identity:Adapter", "embedded"), ("Saga:Mode", "embedded"), .. settings,
            ]);
        return new(database, folder) { Log = log };
    }

    /// <summary>An active tenant with a user, a document, two objects, settings, a line in the audit log and a member.</summary>
    public async Task<SeededTenant> ActiveAsync(IsolationTier tier)
    {
        var tenant = await Database.ReadyAsync(tier);
        await Database.ExecuteAsync(tenant, StepNames.Storage);
        await Database.AddUserAsync(tenant, withDocument: true);
        foreach (var key in new[] { "invoices/1.txt", "users/u1/face.txt" })
            await Database.Get<IObjectStore>().For(tenant.Id).PutAsync(ObjectKey.Parse(key), new MemoryStream(Encoding.UTF8.GetBytes("content of " + key)), default);
        var directory = Database.Get<IDirectory>();
        var slug = (await tenant.ReadAsync()).Slug;
        await directory.EnsureOrganizationAsync(new(tenant.Id, slug, slug.ToString(), null), default);
        await directory.EnsureAdministratorAsync(tenant.Id, null, $"ann@{slug}.example", default);
        await Registry.ExecuteAsync(
            """
            update placements set state = 'current' where tenant_id = @Value;
            update tenants set status = 'active' where id = @Value;
            insert into tenant_settings (tenant_id, key, value, sealed) values (@Value, 'colour', '"red"', null), (@Value, 'secret', null, '\x0102');
            insert into audit (actor, action, tenant_id, detail) values ('ada', 'tenant.provision', @Value, '{"plan":"custom"}'), ('u1', 'tenant.update', @Value, null);
            """,
            new { tenant.Id.Value });
        await WishAsync(tenant, new() { TenantId = tenant.Id, DataTypes = ["users", "documents", "settings", "media", "audit_logs"] });
        return tenant;
    }

    /// <summary>The command that the tenant's operation runs.</summary>
    public Task WishAsync(SeededTenant tenant, ExportTenant command) => Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb, kind = 'export' where id = @OperationId", new { tenant.OperationId, Input = JsonSerializer.Serialize(command, Saga.Contracts.Json.Options) });

    /// <summary>The command of an operation that removes an export.</summary>
    public Task WishRemovalAsync(SeededTenant tenant, TenantId of, Guid export) => Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId",
        new { tenant.OperationId, Input = JsonSerializer.Serialize(new RemoveExport { TenantId = of, ExportId = export }, Saga.Contracts.Json.Options) });

    public async Task<TenantExport> ExportAsync(SeededTenant tenant)
    {
        await Database.ExecuteAsync(tenant, StepNames.BeginExport);
        await Database.ExecuteAsync(tenant, StepNames.WriteExport);
        return await FindAsync(tenant);
    }

    public async Task<TenantExport> FindAsync(SeededTenant tenant) =>
        (await Store.FindAsync(await Registry.ScalarAsync<Guid>("select id from exports where operation_id = @OperationId", new { tenant.OperationId }), default))!;

    /// <summary>Undoes the steps in the order in which the engine undoes them.</summary>
    public async Task UndoAsync(SeededTenant tenant, Failure? failure = null)
    {
        if (failure is not null)
        {
            await Registry.ExecuteAsync(
                "update operations set failure = @Failure::jsonb where id = @OperationId",
                new { tenant.OperationId, Failure = JsonSerializer.Serialize(failure, Saga.Contracts.Json.Options) });
        }

        await Database.CompensateAsync(tenant, StepNames.WriteExport);
        await Database.CompensateAsync(tenant, StepNames.BeginExport);
    }

    /// <summary>All files of exports.</summary>
    public IReadOnlyList<string> Files() =>
        Directory.Exists(Path.Combine(Folder, "exports")) ? [.. Directory.EnumerateFiles(Path.Combine(Folder, "exports"), "*", SearchOption.AllDirectories)] : [];

    /// <summary>The entries of the export's file with their text, after each checksum in it was compared.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(TenantExport export)
    {
        await using var zip = await ZipFile.OpenReadAsync(Path.Combine(Folder, "exports", export.File!));
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync());
            entries.Add(entry.FullName, await reader.ReadToEndAsync());
        }

        return entries;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
