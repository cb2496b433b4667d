using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Backups.OfRegistry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Backup;
using Saga.Workers.Backup.OfRegistry;
using Saga.Workers.Runtime;

namespace Saga.Tests.Integration.Backups;

/// <summary>A registry and the workers that back it up and restore it.</summary>
internal sealed class RegistryBackupWorld : IAsyncDisposable
{
    public static readonly string[] Steps = [StepNames.BeginRegistryBackup, StepNames.DumpRegistry, StepNames.CompleteRegistryBackup];

    private readonly SeededTenant operation;
    private readonly List<ServiceProvider> restores = [];

    private RegistryBackupWorld(BackupWorld world, SeededTenant operation) => (World, this.operation) = (world, operation);

    public BackupWorld World { get; }

    public NpgsqlDataSource Registry => World.Registry;

    public RegistryBackupStore Store => World.Database.Get<RegistryBackupStore>();

    /// <summary>The folder with backups of the registry.</summary>
    public string Folder => Path.Combine(World.Folder, "backups", "registry");

    public static async Task<RegistryBackupWorld> CreateAsync(string? login = null, params (string Key, string Value)[] settings)
    {
        var registry = await PostgresServer.NewRegistryAsync();
        var world = await BackupWorld.CreateAsync(
            registry, [($"{RegistryBackupOptions.Section}:ConnectionString", login is null ? registry.ConnectionString : ProgramLogins.On(registry.ConnectionString, login)), .. settings]);
        return new(world, await OperationAsync(registry, "fleet-operator"));
    }

    /// <summary>Runs a step of the world's operation, which concerns no tenant.</summary>
    public Task<object?> ExecuteAsync(string step) => ExecuteAsync(operation, step, context => World.Database.Step(step).ExecuteAsync(context, default));

    /// <summary>The same in a registry that was restored.</summary>
    public async Task<object?> ExecuteAsync(ServiceProvider restored, string step)
    {
        var data = restored.GetRequiredService<NpgsqlDataSource>();
        return await ExecuteAsync(operation with { Registry = data }, step, context => restored.GetServices<IStep>().Single(s => s.Name == step).ExecuteAsync(context, default));
    }

    public Task CompensateAsync(string step) => ExecuteAsync(operation, step, async context =>
    {
        await World.Database.Step(step).CompensateAsync(context, default);
        return null;
    });

    public Task WishAsync(object command) => Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId", new { operation.OperationId, Input = JsonSerializer.Serialize(command, Saga.Contracts.Json.Options) });

    public async Task<Guid> BackUpAsync()
    {
        foreach (var step in Steps)
            await ExecuteAsync(step);
        return await IdAsync();
    }

    public Task<Guid> IdAsync() => Registry.ScalarAsync<Guid>("select id from registry_backups where operation_id = @OperationId", new { operation.OperationId });

    public IReadOnlyList<string> Files() => Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)] : [];

    /// <summary>Workers whose registry is another database, with a restore into it.</summary>
    public (RegistryRestore Restore, ServiceProvider Services) Into(string target, string backup = RegistryRestoreOptions.Newest, params (string Key, string? Value)[] settings)
    {
        var configuration = Configuration(target, backup, settings);
        var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration);
        new BackupModule().AddSteps(services, configuration);
        var provider = services.BuildServiceProvider();
        restores.Add(provider);
        return (RegistryRestore.Of(provider, configuration), provider);
    }

    /// <summary>A host's configuration for the restore.</summary>
    public IConfiguration Configuration(string target, string backup, params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", target + ";Persist Security Info=true"),
            .. settings.Any(s => s.Key.StartsWith("Saga:Sealing:", StringComparison.Ordinal))
                ? []
                : (KeyValuePair<string, string?>[])[new("Saga:Sealing:ActiveKey", "k1"), new("Saga:Sealing:MasterKeys:k1", SealingFixture.First)],
            new("Saga:Runtime:Keys:r1", RuntimeLogin.Key),
            new("Saga:Storage:Adapter", "folder"),
            new("Saga:Storage:Folder:Path", World.Folder),
            new("Saga:RestoreRegistry:Backup", backup),
            .. BackupWorld.Tools().Select(t => KeyValuePair.Create<string, string?>(t.Item1, t.Item2)),
        ])
        .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();

    public async ValueTask DisposeAsync()
    {
        foreach (var restore in restores)
            await restore.DisposeAsync();
        await World.DisposeAsync();
    }

    private static async Task<SeededTenant> OperationAsync(NpgsqlDataSource registry, string slug)
    {
        var seeded = await Seed.TenantAsync(registry, slug);
        await registry.ExecuteAsync(
            "update operations set input = @Input::jsonb, kind = 'backupRegistry' where id = @OperationId",
            new { seeded.OperationId, Input = JsonSerializer.Serialize(new BackUpRegistry { Note = "Before the upgrade." }, Saga.Contracts.Json.Options) });
        return seeded;
    }

    private static async Task<object?> ExecuteAsync(SeededTenant operation, string step, Func<StepContext, Task<object?>> run)
    {
        var begun = await operation.BeginAsync(step);
        return await run(new StepContext(null, begun.OperationId, begun.Step, 1, begun.Lease).With(begun.Inputs));
    }
}
