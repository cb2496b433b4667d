using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Host.Startup;
using Saga.Registry;
using Saga.Registry.Audit;
using Saga.Tenancy.Objects;
using Saga.Workers.Audit;
using Saga.Workers.Backup;

namespace Saga.Host.Commands;

/// <summary>The commands about the audit log.</summary>
internal static class AuditCommands
{
    public static async Task<int> CheckAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        // Options are validated when they are read, because the command needs only a part of the configuration.
        var collection = new ServiceCollection().AddLogging().AddSingleton(configuration);
        new BackupModule().AddSteps(collection, configuration);
        await using var services = collection.BuildServiceProvider();
        var report = await RunAsync(services, cancellationToken);
        foreach (var line in Lines(report))
            await Console.Out.WriteLineAsync(line);
        return report.IsWhole ? 0 : HostCommand.FoundFaults;
    }

    internal static IEnumerable<string> Lines(AuditReport report) =>
    [
        .. report.Faults.Select(f => $"fault  {f}"),
        .. report.Notes,
        report.IsWhole
            ? string.Create(CultureInfo.InvariantCulture, $"{report.Lines} lines verified. Nothing was changed or removed.")
            : string.Create(CultureInfo.InvariantCulture, $"{report.Lines} lines verified. {report.Faults.Count} faults."),
    ];

    private static async Task<AuditReport> RunAsync(ServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            return await AuditCheck.Of(services).RunAsync(cancellationToken);
        }
        catch (OptionsValidationException error)
        {
            throw new StartException(error.Message);
        }
        catch (NpgsqlException error)
        {
            throw new StartException($"{RegistryOptions.Section}:ConnectionString: {error.Message}");
        }
        catch (ObjectStoreException error)
        {
            throw new StartException($"The object store cannot be read: {error.Message}");
        }
    }
}
