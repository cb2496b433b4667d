using Dapper;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Update;
using Saga.Registry.Tenants;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Update;

/// <summary>On the real servers. The steps that fail and the boundaries at which a process is killed are taken from the workflow.</summary>
[Collection(Alone.Name)]
public sealed class When_a_tenant_is_updated
{
    private static readonly string[] Undone = [.. UpdateWorkflow.WithDirectory.Steps.Select(s => s.Name).Where(s => s is not (StepNames.AnnounceUpdate or StepNames.RetireAdministrator))];
    private static readonly string[] All = [.. UpdateWorkflow.WithDirectory.Steps.Select(s => s.Name)];

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_end_updated_or_exactly_as_before_whatever_step_fails()
    {
        var wrong = new Dictionary<TenantId, (string Step, string How)>();
        await using var site = new UpdateSite(await (await World.SharedAsync()).NewSiteAsync());
        await site.RunAsync(new StepFaults { After = Fail });
        (string Step, string How)[] cases = [.. All.Select(s => (s, "for a while")), .. Undone.Select(s => (s, "for good"))];
        var tenants = await site.ActiveAsync(cases.Length);
        await site.EndAsync();
        lock (wrong)
        {
            for (var i = 0; i < cases.Length; i++)
                wrong[tenants[i]] = cases[i];
        }

        var before = await Task.WhenAll(tenants.Select(site.FactsAsync));
        await Task.WhenAll(tenants.Select((tenant, i) => site.UpdateAsync(tenant, cases[i].How == "for good" ? OperationState.Compensated : OperationState.Completed)));
        await site.EndAsync();

        for (var i = 0; i < cases.Length; i++)
        {
            if (cases[i].How == "for good")
                (await site.FactsAsync(tenants[i])).ShouldBe(before[i], cases[i].ToString());
            else
                await site.RequireUpdatedAsync(tenants[i], cases[i].ToString());
        }

        // Deferrals of one step share a line.
        (await site.ScalarAsync<long>("select sum(coalesce((data->>'times')::int, 1)) from operation_history where event in ('stepFailed', 'stepDeferred')")).ShouldBeGreaterThanOrEqualTo(cases.Length);

        // After the step took effect.
        void Fail(StepContext context, int call)
        {
            (string Step, string How) at;
            lock (wrong)
            {
                if (!wrong.TryGetValue(context.TenantId, out at) || at.Step != context.Step)
                    return;
            }

            if (at.How == "for good")
                throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            if (call <= 1)
                throw new TimeoutException("The answer is lost.");
        }
    }

    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_end_updated_when_the_process_is_killed()
    {
        var points = Boundaries.Of(UpdateWorkflow.WithDirectory).Sample(3);
        await using var site = new UpdateSite(await (await World.SharedAsync()).NewSiteAsync());
        await site.RunAsync();
        var tenants = await site.ActiveAsync(points.Count);
        await site.EndAsync();
        await site.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var command = await site.CommandAsync(tenants[i]);
            using (var process = new CrashingProcess(new CrashOrders { Settings = site.Site.Settings, At = points[i], Update = command }))
                (await process.DiedAsync(() => site.IsDoneAsync(tenants[i]))).ShouldBeTrue($"{points[i]} was never reached");
            await site.RunAsync();
            // The sender does not know the outcome, so it sends the command again.
            await site.SubmitAsync(command, OperationState.Completed);
            await site.EndAsync();
            await site.StopAsync();
            await site.RequireUpdatedAsync(tenants[i], points[i].ToString());
        }

        (await site.ScalarAsync<long>("select count(*) from operations where kind = 'update'")).ShouldBe(points.Count);
        (await site.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    /// <summary>A site with tenants to update, and a process that may be replaced.</summary>
    private sealed class UpdateSite(Site site) : IAsyncDisposable
    {
        private readonly ICommandIntake<UpdateTenant> intake = Intakes.Of<UpdateTenant, ValidUpdate, UpdatePlan>(site.Registry, Updates.Plan(site.Registry));
        private IHost? host;

        public Site Site => site;

        public async Task RunAsync(StepFaults? faults = null) => host = await ProvisioningHost.StartAsync(site.Configuration(), faults);

        public async Task StopAsync()
        {
            if (host is not null)
                await ProvisioningHost.EndAsync(host);
            host = null;
        }

        public async Task<IReadOnlyList<TenantId>> ActiveAsync(int count)
        {
            var accepted = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => site.SubmitAsync(Site.NewCommand("basic"))));
            foreach (var one in accepted)
                (await site.EndAsync(one.OperationId, TimeSpan.FromSeconds(180))).ShouldBe(OperationState.Completed, await site.StoryAsync(one.OperationId));
            return [.. accepted.Select(a => a.TenantId!.Value)];
        }

        public async Task<UpdateTenant> CommandAsync(TenantId id)
        {
            var tenant = (await new TenantStore(site.Registry).FindAsync(id))!;
            return Updates.Command(
                tenant, $$$"""{"name":"New {{{tenant.Slug}}}","description":"Makes anvils.","adminEmail":"new@{{{tenant.Slug}}}.example","phone":"+493012345678","features":{"biometric_auth":true}}""", $"update-{id}");
        }

        public async Task UpdateAsync(TenantId tenant, OperationState expected) => await SubmitAsync(await CommandAsync(tenant), expected);

        public async Task SubmitAsync(UpdateTenant command, OperationState expected)
        {
            var outcome = await intake.SubmitAsync(command, Caller.OfToken(Site.Caller), default);
            var operation = outcome is CommandAccepted accepted ? accepted.OperationId : throw new InvalidOperationException(((CommandRejected)outcome).Rejection.Detail);
            (await site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(expected, await site.StoryAsync(operation));
        }

        public Task EndAsync() => ExternalState.DrainedAsync(site);

        public Task<bool> IsDoneAsync(TenantId tenant) => ScalarAsync<bool>(
            "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = 'update' and finished_at is not null)", new { tenant.Value })!;

        /// <summary>What the registry and the directory have of the tenant.</summary>
        public async Task<string> FactsAsync(TenantId id)
        {
            var organization = site.Keycloak.Organizations.Single(o => o.Attributes["tenant_id"][0] == id.ToString());
            // Also one that was left behind, which belongs to no organisation.
            var users = site.Keycloak.Users.Where(u => organization.Members.Contains(u.Id) || u.Username.EndsWith($"@{organization.Alias}.example", StringComparison.Ordinal)).Select(u => $"{u.Username} {organization.Administrators.Contains(u.Id)}").Order(StringComparer.Ordinal);
            return $"{await Updates.FactsAsync(site.Registry, id)} {organization.Name} {organization.Description} {organization.Enabled} {string.Join(", ", users)}";
        }

        public async Task RequireUpdatedAsync(TenantId id, string what)
        {
            var tenant = (await new TenantStore(site.Registry).FindAsync(id))!;
            (tenant.Name, tenant.Description, tenant.Phone).ShouldBe(($"New {tenant.Slug}", "Makes anvils.", "+493012345678"), what);
            (await FactsAsync(id)).ShouldEndWith($"New {tenant.Slug} Makes anvils. True admin@{tenant.Slug}.example False, new@{tenant.Slug}.example True", Case.Sensitive, what);
            (await ScalarAsync<long>("select count(*) from tenant_settings where tenant_id = @Value and key = 'feature:biometric_auth' and value = 'true'", new { id.Value })).ShouldBe(1, what);
            (await ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.change'", new { id.Value })).ShouldBe(1, what);
        }

        public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
        {
            await using var connection = await site.Registry.OpenConnectionAsync();
            return await connection.ExecuteScalarAsync<T>(sql, parameters);
        }

        public async ValueTask DisposeAsync() => await StopAsync();
    }
}
