using Microsoft.Extensions.Configuration;
using Saga.Workers.Database;

namespace Saga.Host.Commands;

/// <summary>The commands about the team's own product.</summary>
internal static class ProductCommands
{
    public static async Task<int> CheckAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var report = await ProductReport.OfAsync(configuration, cancellationToken);
        foreach (var fault in report.Faults)
            await Console.Out.WriteLineAsync($"fault  {fault}");
        foreach (var reason in report.NotChecked)
            await Console.Out.WriteLineAsync($"not checked  {reason}");
        await Console.Out.WriteLineAsync(report.Faults.Count == 0 ? $"{report.Files}: nothing is known to be wrong." : report.Faults.Count == 1 ? "1 fault." : FormattableString.Invariant($"{report.Faults.Count} faults."));
        return report.Faults.Count == 0 && report.NotChecked.Count == 0 ? 0 : HostCommand.FoundFaults;
    }
}
