namespace Saga.Registry.Processes;

/// <summary>Whether every process can open and wraps with a master key. Pure.</summary>
public static class MasterKeyReadiness
{
    /// <returns>What is missing in which process, and the fix; empty when every process with master keys is ready, and there is one.</returns>
    public static IReadOnlyList<string> FindObstacles(string masterKeyId, IReadOnlyList<RunningProcess> processes)
    {
        var sealing = processes.Where(p => p.MasterKeyIds.Count > 0).ToList();
        return sealing.Count == 0
            ? ["no running process has master keys: start the workers"]
            : [.. sealing.Select(p => Obstacle(masterKeyId, p)).OfType<string>()];
    }

    private static string? Obstacle(string masterKeyId, RunningProcess process)
    {
        var name = $"process {process.Id} ({process.Program})";
        if (!process.MasterKeyIds.Contains(masterKeyId, StringComparer.Ordinal))
            return $"is not configured in {name}: set Saga:Sealing:MasterKeys:{masterKeyId} there and restart it";
        return process.ActiveMasterKeyId switch
        {
            null => $"is configured in {name}, whose version does not say with which key it wraps: upgrade it",
            var active when active != masterKeyId => $"is not the active key of {name}, which wraps with '{active}': set Saga:Sealing:ActiveKey to {masterKeyId} there and restart it",
            _ => null,
        };
    }
}
