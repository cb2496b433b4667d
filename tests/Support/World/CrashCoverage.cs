using System.Globalization;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Backup.Copies;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Config;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Export;
using Saga.Lifecycle.MasterKeys;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Provision;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.RemoveCopies;
using Saga.Lifecycle.RemoveExports;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Revert;
using Saga.Lifecycle.Rotate;
using Saga.Lifecycle.Suspend;
using Saga.Lifecycle.Update;
using Saga.Lifecycle.Upgrades;
using Saga.Lifecycle.Verify;

namespace Saga.Tests.Support.World;

/// <summary>Which class of the end-to-end tests kills a process at the boundaries of each workflow. A test compares it with the catalogue.</summary>
public static class CrashCoverage
{
    /// <summary>The class that takes its boundaries from every workflow that has no class of its own.</summary>
    public const string Generated = "When_a_process_is_killed_within_a_command";

    /// <summary>Every workflow of the catalogue, each once.</summary>
    public static IReadOnlyList<WorkflowCoverage> All { get; } =
    [
        new(ProvisionWorkflow.Definition, "When_a_process_is_killed_while_provisioning"),
        new(ProvisionWorkflow.WithReplica, null) { StepsOf = [ProvisionWorkflow.Definition, UpdateWorkflow.WithReplica[0]] },
        new(SuspendWorkflow.Closing, Generated),
        new(SuspendWorkflow.Limiting, Generated),
        new(ReactivateWorkflow.Opening, Generated),
        new(ReactivateWorkflow.Lifting, Generated),
        new(DeprovisionWorkflow.Closing, Generated),
        new(RemoveWorkflow.Removal, Generated),
        new(RemoveWorkflow.RemovalAfterBackup, Generated),
        new(CancelDeprovisioningPlan.Workflows[0], Generated),
        new(CancelDeprovisioningPlan.Workflows[1], null) { StepsOf = [CancelDeprovisioningPlan.Workflows[0]] },
        new(MigrateWorkflow.InPlace, Generated),
        new(MigrateWorkflow.Move, Generated),
        new(MigrateWorkflow.MoveAndChange, Generated),
        new(RevertWorkflow.InPlan, Generated),
        new(RevertWorkflow.WithPlan, Generated),
        new(RevertWorkflow.PutBack, Generated),
        .. RemoveCopyPlan.Workflows.Select(ByScenario),
        new(BackupWorkflow.Definition, Generated),
        .. CopyBackupPlan.Workflows.Select(ByScenario),
        .. DrillBackupPlan.Workflows.Select(ByScenario),
        .. ExpireBackupsPlan.Workflows.Select(ByScenario),
        .. DestroyBackupsPlan.Workflows.Select(ByScenario),
        .. BackUpRegistryPlan.Workflows.Select(ByScenario),
        .. ExpireRegistryBackupsPlan.Workflows.Select(ByScenario),
        new(RestoreWorkflow.Beside, Generated),
        new(RestoreWorkflow.Replace, Generated),
        new(RestoreWorkflow.ReplaceShared, Generated),
        new(RestoreWorkflow.Revive, Generated),
        .. RemoveRestoredPlan.Workflows.Select(ByScenario),
        new(RotateWorkflow.Logins, Generated),
        new(RotateWorkflow.BackupKey, Generated),
        .. RotateWorkflow.All.Except([RotateWorkflow.Logins, RotateWorkflow.BackupKey]).Select(w => new WorkflowCoverage(w, null) { StepsOf = [RotateWorkflow.Logins, RotateWorkflow.BackupKey] }),
        new(RotateMasterKeyWorkflow.Definition, Generated),
        new(UpgradeWorkflow.Definition, Generated),
        new(UpgradeWorkflow.AfterBackup, null) { StepsOf = [UpgradeWorkflow.Definition, BackupWorkflow.Definition] },
        .. RehearsalPlan.Workflows.Select(ByScenario),
        new(ScanDriftWorkflow.Definition, Generated),
        new(DriftWorkflows.Repair, Generated),
        .. DriftWorkflows.Release.Select(ByScenario),
        .. DriftWorkflows.Remove.Select(ByScenario),
        new(UpdateWorkflow.WithDirectory, Generated),
        new(UpdateWorkflow.InRegistry, null) { StepsOf = [UpdateWorkflow.WithDirectory] },
        new(UpdateWorkflow.WithReplica[0], Generated),
        new(UpdateWorkflow.WithReplica[1], Generated),
        new(UpdateWorkflow.WithReplica[2], null) { StepsOf = [UpdateWorkflow.WithDirectory, UpdateWorkflow.WithReplica[0]] },
        new(UpdateWorkflow.WithReplica[3], null) { StepsOf = [UpdateWorkflow.WithDirectory, UpdateWorkflow.WithReplica[1]] },
        new(ConfigWorkflow.Open, Generated),
        new(ConfigWorkflow.Sealed, Generated),
        new(ConfigWorkflow.Reset, Generated),
        new(LinkDomainsWorkflow.Definition, Generated),
        new(VerifyWorkflow.Definition, Generated),
        new(ExportWorkflow.Definition, Generated),
        .. RemoveExportPlan.Workflows.Select(ByScenario),
        new(AdoptWorkflow.Definition, Generated),
        new(AdoptWorkflow.WithUsers, null) { StepsOf = [AdoptWorkflow.Definition, AdoptWorkflow.CopiedWithUsers] },
        new(AdoptWorkflow.Copied, null) { StepsOf = [AdoptWorkflow.CopiedWithUsers] },
        new(AdoptWorkflow.CopiedWithUsers, Generated),
        // It only waits. Its runner ends in When_a_batch_of_replays_runs of the integration tests.
        new(RunBatchWorkflow.Definition, null) { StepsOf = [] },
    ];

    /// <summary>Its kind and steps, because workflows have no names.</summary>
    public static string Describe(WorkflowDefinition workflow) =>
        string.Create(CultureInfo.InvariantCulture, $"{workflow.Kind}, version {workflow.Version}: {string.Join(", ", workflow.Steps.Select(s => s.Name))}");

    private static WorkflowCoverage ByScenario(WorkflowDefinition workflow) => new(workflow, Generated);
}
