namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>The commands whose workflows have no crash tests of their own.</summary>
internal static class CrashScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        .. TenantScenarios.All, .. ConfigScenarios.All, .. ExportScenarios.All, .. BackupScenarios.All, .. FleetScenarios.All, .. PlaceScenarios.All, .. RestoreScenarios.All,
        .. MoveScenarios.All, .. HoldScenarios.All, CopyingScenario.Definition, CustomStepScenario.Definition,
    ];
}
