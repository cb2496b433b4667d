using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Host.Startup;
using Saga.Registry.Schema;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Embedded;
using Saga.Workers.Identity.Repair;
using Saga.Workers.Runtime;

namespace Saga.Host.Commands;

/// <summary>The commands about the identity provider.</summary>
internal static class IdentityCommands
{
    public static async Task<int> CheckAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var services = Services(configuration);
        var report = await AskAsync(() => services.GetRequiredService<IIdentityCheck>().RunAsync(cancellationToken));
        await WriteAsync(Lines(report));
        return ExitCode(report);
    }

    internal static IEnumerable<string> Lines(IdentityCheckReport report) =>
    [
        .. report.Faults.Select(f => $"lacks  {f}"),
        .. report.NotChecked.Select(n => $"not checked  {n}"),
        (report.Faults.Count, report.NotChecked.Count) switch
        {
            (0, 0) => "Nothing is missing.",
            (0, _) => "Nothing is known to be missing, but not everything was checked.",
            _ => $"{report.Faults.Count} missing.",
        },
    ];

    // What was not checked may be missing, and a script must not go on as if it were there.
    internal static int ExitCode(IdentityCheckReport report) => report.Faults.Count + report.NotChecked.Count == 0 ? 0 : HostCommand.FoundFaults;

    public static async Task<int> RepairAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var services = Services(configuration);
        await services.GetRequiredService<RegistryMigrator>().MigrateAsync(cancellationToken);
        if (configuration[ModeRules.IdentityKey] == ModeRules.EmbeddedIdentity)
            await EmbeddedDirectorySchema.EnsureAsync(services.GetRequiredService<NpgsqlDataSource>(), cancellationToken);
        var report = await AskAsync(() => services.GetRequiredService<AdministratorRepair>().RunAsync(cancellationToken));
        await Console.Out.WriteLineAsync($"{report.Joined} administrators joined their organisation's group {DirectoryGroups.TenantAdmin}; {report.Revoked} lost the former role.");
        await WriteAsync(report.Skipped.Select(s => $"skipped  {s}"));
        await WriteAsync(report.OtherHolders.Select(u => $"has the former role and was not promoted  {u.Email} ({u.Id})"));
        return report.Skipped.Count + report.OtherHolders.Count == 0 ? 0 : HostCommand.FoundFaults;
    }

    // Options are validated when they are read, because a command needs only a part of the configuration.
    private static ServiceProvider Services(IConfiguration configuration) =>
        new ServiceCollection().AddLogging().AddSingleton(configuration).AddDirectory(configuration).BuildServiceProvider();

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (StepFailureException e)
        {
            var words = $"Saga:Identity: {e.Failure.Message} {e.Failure.Remedy}";
            throw e.Failure.Kind == FailureKind.Permanent ? new StartException(words) : new TimeoutException(words, e);
        }
    }

    private static async Task WriteAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            await Console.Out.WriteLineAsync(line);
    }
}
