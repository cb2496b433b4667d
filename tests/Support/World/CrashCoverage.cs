namespace Saga.Tests.Support.World;

/// <summary>Which class of the end-to-end tests kills a process at the boundaries of each workflow. A test compares it with the catalogue.</summary>
public static class CrashCoverage
{
    /// <summary>The class that takes its boundaries from every workflow that has no class of its own.</summary>
    public const string Generated = "When_a_process_is_killed_within_a_command";

    /// <summary>The class by the kind of operation.</summary>
    public static IReadOnlyDictionary<string, string> Classes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["provision"] = "When_a_process_is_killed_while_provisioning",
        ["suspend"] = "When_a_process_is_killed_while_suspending",
        ["reactivate"] = "When_a_process_is_killed_while_suspending",
        ["deprovision"] = "When_a_process_is_killed_while_deprovisioning",
        ["remove"] = "When_a_process_is_killed_while_deprovisioning",
        ["migrate"] = "When_a_process_is_killed_while_moving",
        ["revert"] = "When_a_process_is_killed_while_moving",
        ["backup"] = "When_a_process_is_killed_while_backing_up",
        ["restore"] = "When_a_process_is_killed_while_restoring",
        ["rotateCredentials"] = "When_a_process_is_killed_while_rotating",
        ["update"] = Generated,
        ["adopt"] = Generated,
        ["cancelDeprovision"] = Generated,
        ["remove-copy"] = Generated,
        ["linkDomains"] = Generated,
        ["config"] = Generated,
        ["verify"] = Generated,
        ["export"] = Generated,
        ["remove-export"] = Generated,
        ["remove-restored"] = Generated,
        ["drill"] = Generated,
        ["copyBackup"] = Generated,
        ["expireBackups"] = Generated,
        ["destroyBackups"] = Generated,
        ["backupRegistry"] = Generated,
        ["expireRegistryBackups"] = Generated,
        ["rotateMasterKey"] = Generated,
    };
}
