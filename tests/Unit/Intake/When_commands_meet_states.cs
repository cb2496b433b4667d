using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Config;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Export;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
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
using Saga.Registry.Backups;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Holds;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

/// <summary>Every command about a tenant against every state of the tenant. docs/commands-by-state.md has the answers; SAGA_UPDATE_DOCS=1 writes it.</summary>
public sealed class When_commands_meet_states
{
    private static readonly Guid Deprovisioning = Guid.CreateVersion7();

    private static readonly Tenant Active = Commands.ActiveTenant with
    {
        Tier = IsolationTier.Schema, Placed = Commands.ActiveTenant.Placed! with { Tier = IsolationTier.Schema, Place = new("main", "saga_schemas_1", "t_1") },
    };

    private static readonly IReadOnlyList<(string Name, Tenant Tenant)> States =
    [
        ("provisioning", Active with { Status = TenantStatus.Provisioning }),
        ("active", Active),
        ("over a limit", Held(HoldCode.LimitExceeded, HoldEffect.NoGrowth)),
        ("suspended", Held(HoldCode.NonPayment, HoldEffect.Closed)),
        ("moving", Held(HoldCode.Move, HoldEffect.ReadOnly)),
        ("restoring", Held(HoldCode.Restore, HoldEffect.Away)),
        ("deprovisioning", Held(HoldCode.Deletion, HoldEffect.Closed) with { Deletion = new(Deprovisioning, "ada", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, 30, Backup: false, Guid.NewGuid(), Pending: true, FinalAt: null) }),
        ("failed", Active with { Status = TenantStatus.Failed }),
        ("deprovisioned", Active with { Status = TenantStatus.Deprovisioned }),
    ];

    // Each would be accepted for an active tenant, or for the only state that it is for. A mode follows the kind if the answer depends on it.
    private static readonly Dictionary<string, Func<Tenant, OperationRejected?>> Guards = new(StringComparer.Ordinal)
    {
        [SuspendPlan.Kind] = t => new SuspendPlan().Guard(new(t.Id, HoldCode.Abuse, "Why."), t),
        [ReactivatePlan.Kind] = t => new ReactivatePlan().Guard(new(t.Id, [HoldCode.NonPayment, HoldCode.LimitExceeded], null), t),
        [DeprovisionPlan.Kind] = t => new DeprovisionPlan(null!, null!, null!).Guard(new() { TenantId = t.Id, Confirm = "acme", Backup = false, GraceDays = 30, ConfirmNoGrace = null }, t),
        [CancelDeprovisioningPlan.Kind] = t => new CancelDeprovisioningPlan().Guard(new(t.Id, null), t),
        [RemovePlan.Kind] = t => new RemovePlan().Guard(new() { TenantId = t.Id, Deprovisioning = Deprovisioning, Backup = false }, t),
        [RemoveCopyPlan.Kind] = t => Usual<RemoveCopy, RemoveCopy>(new RemoveCopyPlan(null!), new() { TenantId = t.Id, PlacementId = Guid.NewGuid() }, t),
        [RemoveExportPlan.Kind] = t => Usual<RemoveExport, RemoveExport>(new RemoveExportPlan(null!), new() { TenantId = t.Id, ExportId = Guid.NewGuid() }, t),
        [RemoveRestoredPlan.Kind] = t => Usual<RemoveRestored, RemoveRestored>(new RemoveRestoredPlan(null!), new() { TenantId = t.Id, OperationId = Guid.NewGuid() }, t),
        [RevertPlan.Kind] = t => new RevertPlan(null!, null!, null!).Guard(
            new() { Tenant = t.Id, Kept = new KeptPlacement(Commands.ActiveTenant.Placed! with { State = PlacementState.Kept }) { Until = DateTimeOffset.UnixEpoch }, Plans = [Commands.Plan] }, t),
        [MigratePlan.Kind] = t => new MigratePlan(null!, null!, null!, null!).Guard(new() { Tenant = t.Id, Plan = Commands.Plan with { Version = 2 }, OwnPlan = Commands.Plan, Plans = [Commands.Plan with { Version = 2 }], Servers = [] }, t),
        [UpdatePlan.Kind] = t => new UpdatePlan(null!, null!, null!, null!, Commands.Reserved).Guard(
            new() { Tenant = t.Id, Version = t.Version, Change = new(new Dictionary<string, JsonElement>(), new Dictionary<string, JsonElement> { ["name"] = Commands.Element("\"Other\"") }) }, t),
        [LinkDomainsPlan.Kind] = t => new LinkDomainsPlan(null!).Guard(new(t.Id, null, false), t),
        [ConfigPlan.Kind] = t => new ConfigPlan(null!, null!, null!).Guard(new(t.Id, null, default, Encrypted: false) { HasBoxKey = true }, t),
        [BackupPlan.Kind] = t => new BackupPlan().Guard(new(t.Id, null, false), t),
        [RestorePlan.Kind + " beside"] = t => Restore(t, RestoreMode.Beside),
        [RestorePlan.Kind + " replace"] = t => Restore(t, RestoreMode.Replace),
        [DrillBackupPlan.Kind] = t => new DrillBackupPlan(null!).Guard(new() { TenantId = t.Id, BackupId = Guid.NewGuid() }, t),
        [ExpireBackupsPlan.Kind] = t => new ExpireBackupsPlan(null!).Guard(new(t.Id, [], false, null), t),
        [DestroyBackupsPlan.Kind] = t => new DestroyBackupsPlan(null!).Guard(new() { TenantId = t.Id, Removal = Guid.NewGuid() }, t),
        [ExportPlan.Kind] = t => new ExportPlan().Guard(new(t.Id, ["users"], "json", null), t),
        [UpgradePlan.Kind] = t => new UpgradePlan(null!).Guard(
            new() { TenantId = t.Id, Server = t.Placed?.Place.Server ?? "", Database = t.Placed?.Place.Database ?? "", Schema = t.Placed?.Place.Schema ?? "", TargetVersion = 2 },
            t with { Placed = t.Placed is null ? null : t.Placed with { Tier = IsolationTier.Schema } }),
        [RehearsalPlan.Kind] = t => new RehearsalPlan(null!).Guard(
            new() { TenantId = t.Id, Server = t.Placed?.Place.Server ?? "", Database = t.Placed?.Place.Database ?? "", Schema = t.Placed?.Place.Schema ?? "", TargetVersion = 2 },
            t with { Placed = t.Placed is null ? null : t.Placed with { Tier = IsolationTier.Schema } }),
        [VerifyPlan.Kind] = t => new VerifyPlan().Guard(new() { TenantId = t.Id }, t),
        [RotatePlan.Kind] = t => new RotatePlan().Guard(new(t.Id, true, true, true, true), t),
    };

    // They make a tenant, or concern none.
    private static readonly string[] OfNoTenant = ["provision", "adopt", "copyBackup", "backupRegistry", "expireRegistryBackups", "rotateMasterKey", "scanDrift", "repairDrift", "releaseQuarantined", "removeQuarantined", "batch"];

    [Fact]
    public void Should_know_every_command() =>
        Guards.Keys.Select(k => k.Split(' ')[0]).Distinct().Concat(OfNoTenant).Order(StringComparer.Ordinal).ShouldBe(
            CommandCatalogue.Of(new ServiceCollection().AddLifecycle(Catalogue.NoSettings)).Entries.Select(e => e.Kind).Order(StringComparer.Ordinal));

    [Fact]
    public void Should_be_answered_as_the_documentation_says()
    {
        var text = new StringBuilder()
            .AppendLine("# Which command a tenant's state allows")
            .AppendLine()
            .AppendLine("Generated from the code; a test keeps it up to date, and another one tries over HTTP what people send. The commands are named by the kind of their operation.")
            .AppendLine("A code is that of the refusal, which says what would allow the command.")
            .AppendLine()
            .AppendLine($"| command | {string.Join(" | ", States.Select(s => s.Name))} |")
            .AppendLine($"|---|{string.Concat(States.Select(_ => "---|"))}");
        foreach (var (kind, guard) in Guards.OrderBy(g => g.Key, StringComparer.Ordinal))
            text.AppendLine($"| `{kind.Replace(" ", "` ", StringComparison.Ordinal)}{(kind.Contains(' ', StringComparison.Ordinal) ? "" : "`")} | {string.Join(" | ", States.Select(s => guard(s.Tenant) is { } refused ? $"`{refused.Code}`" : "yes"))} |");

        Pin(text.ToString());
    }

    [Fact]
    public void Should_say_in_words_what_stands_in_the_way()
    {
        foreach (var (kind, guard) in Guards)
        {
            foreach (var (state, tenant) in States)
            {
                if (guard(tenant) is not { } refused)
                    continue;
                refused.Detail.ShouldContain("'acme'", customMessage: $"{kind}, {state}");
                refused.Detail.ShouldEndWith(".", customMessage: $"{kind}, {state}");
            }
        }
    }

    private static Tenant Held(HoldCode code, HoldEffect effect) => Active with { Holds = [new Hold(code, effect, "ada", "Why.", DateTimeOffset.UnixEpoch)] };

    private static OperationRejected? Restore(Tenant tenant, RestoreMode mode) =>
        new RestorePlan(null!, null!, null!, null!, null!).Guard(new(tenant.Id, Guid.NewGuid(), Backup(tenant), mode, []), tenant);

    private static Saga.Registry.Backups.Backup Backup(Tenant tenant) => new()
    {
        Id = Guid.NewGuid(), TenantId = tenant.Id, Slug = tenant.Slug, OperationId = Guid.NewGuid(), State = BackupState.Completed, RequestedBy = "ada", IncludesObjects = false,
        Tier = IsolationTier.Schema, StartedAt = DateTimeOffset.UnixEpoch,
    };

    private static OperationRejected? Usual<TCommand, TInput>(ICommandPlan<TCommand, TInput> plan, TInput input, Tenant tenant)
        where TCommand : class
        where TInput : class => plan.Guard(input, tenant);

    private static void Pin(string text, [CallerFilePath] string source = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "..", "docs", "commands-by-state.md"));
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(file, text);
        (File.Exists(file) ? File.ReadAllText(file) : "").ShouldBe(text, "docs/commands-by-state.md does not match the code: run with SAGA_UPDATE_DOCS=1");
    }
}
