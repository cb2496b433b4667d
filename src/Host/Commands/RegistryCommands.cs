using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Host.Startup;
using Saga.Registry;
using Saga.Registry.Schema;

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
}
