using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Host.Startup;
using Saga.Registry;
using Saga.Registry.Schema;
using Saga.Workers.Backup;
using Saga.Workers.Backup.OfRegistry;

namespace Saga.Host.Commands;

/// <summary>The commands about the registry.</summary>
internal static class RegistryCommands
{
    public static async Task<int> MigrateAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(configuration).AddRegistry(configuration).BuildServiceProvider();
        try
        {
            await services.GetRequiredService<RegistryMigrator>().MigrateAsync(cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or RegistryNotMigratedException)
        {
            throw new StartException($"{RegistryOptions.Section}:ConnectionString: {e.Message}");
        }

        await Console.Out.WriteLineAsync("The registry is at this version.");
        return 0;
    }

    public static async Task<int> RestoreAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        // Options are validated when they are read, because the command needs only a part of the configuration.
        var collection = new ServiceCollection().AddLogging().AddSingleton(configuration);
        new BackupModule().AddSteps(collection, configuration);
        await using var services = collection.BuildServiceProvider();
        try
        {
            var restore = RegistryRestore.Of(services, configuration);
            if (configuration[$"{RegistryRestoreOptions.Section}:{nameof(RegistryRestoreOptions.Backup)}"] is { Length: > 0 })
            {
                await restore.RunAsync(Console.Out.WriteLine, cancellationToken);
                return 0;
            }

            var backups = await restore.ListAsync(cancellationToken);
            foreach (var line in backups)
                await Console.Out.WriteLineAsync(line);
            await Console.Out.WriteLineAsync($"{backups.Count} backups. --{RegistryRestoreOptions.Section}:{nameof(RegistryRestoreOptions.Backup)}=<id or {RegistryRestoreOptions.Newest}> restores one into an empty database.");
            return HostCommand.FoundFaults;
        }
        catch (RegistryRestoreException e)
        {
            throw new StartException(e.Message);
        }
    }
}
