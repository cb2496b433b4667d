namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Every command but a provisioning, which has tests of its own.</summary>
internal static class CrashScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        .. TenantScenarios.All, .. ConfigScenarios.All, .. ExportScenarios.All, .. BackupScenarios.All, .. FleetScenarios.All, .. PlaceScenarios.All, .. RestoreScenarios.All,
        .. MoveScenarios.All, .. HoldScenarios.All, .. DeprovisionScenarios.All, .. UpdateScenarios.All, CopyingScenario.Definition, CustomStepScenario.Definition,
    ];
}
