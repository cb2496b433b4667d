using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Export;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Rotate;
using Saga.Registry;
using Saga.Registry.CustomSteps;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>
/// Makes the file that <see cref="When_a_stored_installation_is_upgraded"/> reads, as the version of the working tree leaves it when its processes die.
/// Run it by its method's name with <c>-explicit only</c> and <c>SAGA_STORE_VERSION=&lt;commit&gt;</c>, then commit the file.
/// </summary>
public sealed class When_an_installation_is_stored
{
    // Where the tenant's operation is when the processes die: before the step takes effect, or after it, without an answer.
    private static readonly Dictionary<string, (string Step, bool Acted)> Held = new(StringComparer.Ordinal)
    {
        ["provisioned"] = (StepNames.Database, true),
        ["cancelled"] = (StepNames.Verify, false),
        ["suspended"] = (StepNames.DisableCache, false),
        ["reactivated"] = (StepNames.Verify, false),
        ["updated"] = (StepNames.AnnounceUpdate, false),
        ["copying"] = (StepNames.CompareRows, false),
        ["switched"] = (StepNames.Switch, true),
        ["backed-up"] = (StepNames.BackupRows, true),
        ["restored"] = (StepNames.CheckReplacement, false),
        ["removed"] = (StepNames.RemoveStorage, false),
        ["verified"] = (StepNames.CheckTenant, false),
    };

    [Fact(Explicit = true)]
    public async Task Should_have_operations_of_many_commands_under_way()
    {
        var version = Environment.GetEnvironmentVariable("SAGA_STORE_VERSION").ShouldNotBeNull("SAGA_STORE_VERSION names the version: the short commit.");
        // Each held step keeps a thread.
        ThreadPool.SetMinThreads(50, 50);
        var (arrived, goes, armed) = (new ConcurrentDictionary<string, bool>(), new ManualResetEventSlim(), new ConcurrentDictionary<string, bool>());
        await using var installation = await StoredInstallation.CreateAsync();
        await installation.PrepareAsync();
        var host = await installation.RunAsync(
            new StepFaults { Before = (context, _) => Hold(context, acted: false), After = (context, _) => Hold(context, acted: true) }, leaseSeconds: 20);
        (await new CustomStepStore(installation.Registry, new RegistryClock()).AddAsync(0, Custom, null, "ada", "The accounts.", CancellationToken.None)).ShouldBeTrue();
        var site = new Commands(installation, host);

        foreach (var (slug, plan) in ((string, string)[])
            [
                ("suspended", "basic"), ("reactivated", "premium"), ("updated", "basic"), ("copying", "basic"), ("switched", "premium"), ("backed-up", "premium"), ("restored", "premium"),
                ("leaving", "basic"), ("removed", "premium"), ("rotated", "basic"), ("verified", "enterprise"), ("exported", "basic"),
            ])
        {
            await site.ProvideAsync(slug, plan);
        }

        await site.EndedAsync(new SuspendTenant { TenantId = site["reactivated"], Reason = "The bill is not paid.", Code = "nonPayment" });
        await site.EndedAsync(new BackupTenant { TenantId = site["restored"], IncludeObjects = true });
        var backup = await installation.ScalarAsync<Guid>("select id from backups where tenant_id = @Value", new { site["restored"].Value });
        await site.EndedAsync(new DeprovisionTenant { TenantId = site["leaving"], Confirm = "leaving", Backup = true, GraceDays = 30 });
        foreach (var slug in Held.Keys)
            armed[slug] = true;

        await site.BeginAsync(Provision("provisioned", "premium"));
        var cancelled = await site.BeginAsync(Provision("cancelled", "enterprise"));
        await site.BeginAsync(new SuspendTenant { TenantId = site["suspended"], Reason = "It mines coins.", Code = "abuse" });
        await site.BeginAsync(new ReactivateTenant { TenantId = site["reactivated"] });
        await site.BeginAsync(Updates.Command((await new TenantStore(installation.Registry).FindAsync(site["updated"]))!, """{"name":"Updated Ltd","adminEmail":"new@updated.example"}"""));
        await site.BeginAsync(Move("copying", "premium", "schema"));
        await site.BeginAsync(Move("switched", "enterprise", "database"));
        await site.BeginAsync(new BackupTenant { TenantId = site["backed-up"], IncludeObjects = true });
        await site.BeginAsync(new RestoreTenant { TenantId = site["restored"], BackupId = backup, Mode = "replace" });
        await site.BeginAsync(new DeprovisionTenant { TenantId = site["removed"], Confirm = "removed", Backup = false, GraceDays = 0, ConfirmNoGrace = "removed" });
        await site.BeginAsync(new VerifyTenant { TenantId = site["verified"] });
        await site.BeginAsync(new ExportTenant { TenantId = site["exported"], DataTypes = ["users", "documents", "settings"] });
        await Until.TrueAsync(() => Task.FromResult(arrived.Count == Held.Count), "every held step was reached", TimeSpan.FromMinutes(3));
        await host.Services.GetRequiredService<ICommandIntake<CancelOperation>>().SubmitAsync(new() { OperationId = cancelled, Reason = "Not needed." }, Caller.OfToken(Site.Caller), CancellationToken.None);
        await site.BeginAsync(new RotateCredentials { TenantId = site["rotated"], What = ["database", "cache", "tenantKey"] });
        await Until.TrueAsync(
            async () => await installation.ScalarAsync<long>("select count(*) from operation_steps where status = 'awaiting' and step = any(array[@Drain, 'acme.account.approve'])", new { RotateWorkflow.Drain }) == 2,
            "the rotation and the export wait", TimeSpan.FromMinutes(1));

        await installation.PackAsync(Path.Combine(Path.GetDirectoryName(ThisFile())!, "TestData", StoredInstallation.FileOf(version)));
        goes.Set();
        await ProvisioningHost.EndAsync(host);

        MigrateTenant Move(string slug, string plan, string tier) => new() { TenantId = site[slug], TargetPlan = plan, Isolation = tier, MigrationOptions = new() { Downtime = true } };

        void Hold(StepContext context, bool acted)
        {
            var slug = context.HasTenant ? context.Tenant.Slug.ToString() : "";
            if (!armed.ContainsKey(slug) || Held[slug] != (context.Step, acted))
                return;
            arrived[slug] = true;
            goes.Wait();
            // The processes have died.
            throw StepFailureException.Transient("over", "Everything is packed.");
        }
    }

    private static IReadOnlyList<CustomStep> Custom { get; } =
    [
        new() { Name = "acme.account.approve", Workflow = ExportWorkflow.Kind, Before = [StoredStep.StepName], Wait = new() { For = CustomWait.Approval, WithinSeconds = 7 * 24 * 3600 } },
        new() { Name = StoredStep.StepName, Workflow = ExportWorkflow.Kind, Worker = StoredStep.Worker },
    ];

    private static ProvisionTenant Provision(string slug, string plan) => new() { Name = slug, Slug = slug, Plan = plan, AdminEmail = $"admin@{slug}.example" };

    private static string ThisFile([CallerFilePath] string path = "") => path;

    /// <summary>The commands to one installation, and its tenants by slug.</summary>
    private sealed class Commands(StoredInstallation installation, IHost host)
    {
        private readonly Dictionary<string, TenantId> tenants = new(StringComparer.Ordinal);

        public TenantId this[string slug] => tenants[slug];

        /// <summary>An active tenant with rows.</summary>
        public async Task ProvideAsync(string slug, string plan)
        {
            await EndedAsync(Provision(slug, plan));
            tenants[slug] = new TenantId(await installation.ScalarAsync<Guid>("select id from tenants where slug = @slug", new { slug }));
            await using var place = await StoredRows.OpenAsync(installation, slug);
            await SampleRows.FillAsync(place, tenants[slug], StoredRows.Users, StoredRows.DocumentsEach);
        }

        public async Task<Guid> BeginAsync(object command) => await AnyCommand.Of(command, Guid.NewGuid().ToString()).SubmitAsync(host.Services) switch
        {
            CommandAccepted accepted => accepted.OperationId,
            CommandRejected rejected => throw new InvalidOperationException($"{rejected.Rejection.Code}: {rejected.Rejection.Detail}"),
            _ => throw new InvalidOperationException("No outcome."),
        };

        public async Task EndedAsync(object command)
        {
            var operation = await BeginAsync(command);
            await Until.TrueAsync(
                async () => await installation.ScalarAsync<string>("select state from operations where id = @operation", new { operation }) == "completed", $"{command} is completed", TimeSpan.FromMinutes(2));
        }
    }
}
