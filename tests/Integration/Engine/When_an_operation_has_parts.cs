using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Orchestrator.Admission;
using Saga.Registry.Admission;
using Saga.Registry.Operations;
using Saga.Registry;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_has_parts
{
    [Fact]
    public async Task Should_run_them_while_it_runs_itself_each_with_a_scope_of_its_own()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenants = new[] { await TenantAsync(registry, "acme"), await TenantAsync(registry, "bolt") };
        var (parentBegan, parentGoes, partsGo) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var part = new ScriptedStep(RollOutToTenantPlan.Step) { OnExecute = (_, cancellationToken) => partsGo.Task.WaitAsync(cancellationToken) };
        var whole = new ScriptedStep(RollOutToFleetPlan.Step)
        {
            OnExecute = (_, cancellationToken) =>
            {
                parentBegan.TrySetResult();
                return parentGoes.Task.WaitAsync(cancellationToken);
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [whole, part], services => services
            .AddCommand<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>().AddCommand<RollOutToTenant, RollOutToTenant, RollOutToTenantPlan>());
        var fleet = host.Services.GetRequiredService<ICommandIntake<RollOutToFleet>>();
        var single = host.Services.GetRequiredService<ICommandIntake<RollOutToTenant>>();
        var parent = await AcceptedAsync(fleet.SubmitAsync(new("2026.1"), Caller.OfToken("ada"), default));
        await parentBegan.Task.WaitAsync(WaitLimit.Seconds(30));

        var parts = new List<Guid>();
        foreach (var tenant in tenants)
            parts.Add(await AcceptedAsync(single.SubmitAsync(new(tenant, parent), Caller.OfToken("ada"), default)));

        (await single.SubmitAsync(new(tenants[0], parent), Caller.OfToken("ada"), default)).ShouldBeOfType<CommandRejected>().Rejection.Code.ShouldBe(RejectionCodes.OperationActive);
        (await registry.ScalarAsync<string>("select string_agg(scope, ' ' order by scope) from operation_scopes"))
            .ShouldBe(string.Join(' ', tenants.Select(OperationScopes.Tenant).Append(OperationScopes.Fleet).Order(StringComparer.Ordinal)));
        partsGo.SetResult();
        foreach (var operation in parts)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<string>("select string_agg(scope, ' ') from operation_scopes")).ShouldBe(OperationScopes.Fleet);
        parentGoes.SetResult();
        (await host.EndAsync(parent)).ShouldBe(OperationState.Completed);

        (await single.SubmitAsync(new(tenants[0], parent), Caller.OfToken("ada"), default)).ShouldBeOfType<CommandRejected>().Rejection.Code.ShouldBe(RejectionCodes.ParentEnded);
        var store = new OperationStore(registry);
        var shown = (await store.FindAsync(parts[1]))!;
        (shown.ParentId, shown.Priority, shown.TenantId).ShouldBe((parent, OperationPriority.Batch, tenants[1]));
        (await store.ListAsync(new OperationFilter { ParentId = parent }, null, 10)).Items.Select(o => o.Id).Order().ShouldBe(parts.Order());
    }

    [Fact]
    public async Task Should_leave_the_only_slot_to_them()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry, "acme");
        var (parentBegan, parentGoes) = (new TaskCompletionSource(), new TaskCompletionSource());
        var whole = new ScriptedStep(RollOutToFleetPlan.Step)
        {
            OnExecute = (_, cancellationToken) =>
            {
                parentBegan.TrySetResult();
                return parentGoes.Task.WaitAsync(cancellationToken);
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [whole, new ScriptedStep(RollOutToTenantPlan.Step)], services => services
            .AddCommand<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>().AddCommand<RollOutToTenant, RollOutToTenant, RollOutToTenantPlan>()
            .PostConfigure<AdmissionOptions>(o => o.Slots = 1));
        var parent = await AcceptedAsync(host.Services.GetRequiredService<ICommandIntake<RollOutToFleet>>().SubmitAsync(new("2026.1"), Caller.OfToken("ada"), default));
        await parentBegan.Task.WaitAsync(WaitLimit.Seconds(30));

        var part = await AcceptedAsync(host.Services.GetRequiredService<ICommandIntake<RollOutToTenant>>().SubmitAsync(new(tenant, parent), Caller.OfToken("ada"), default));

        (await host.EndAsync(part)).ShouldBe(OperationState.Completed);
        parentGoes.SetResult();
        (await host.EndAsync(parent)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_let_each_wait_for_a_slot_in_the_class_that_its_command_names()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await Seed.ProcessAsync(registry, [RollOutToFleetPlan.Step, RollOutToTenantPlan.Step, RenamePlan.Step, RenamePlan.OtherStep]);
        var fleet = Intakes.Of<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>(registry, new());
        var single = Intakes.Of<RollOutToTenant, RollOutToTenant, RollOutToTenantPlan>(registry, new());
        var rename = Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(registry, new());
        var parent = await AcceptedAsync(fleet.SubmitAsync(new("2026.1"), Caller.OfToken("ada"), default));
        var admission = new SqlAdmissionStore(registry, new RegistryClock());
        (await AdmitAsync(1)).ShouldBe([parent]);
        var first = await AcceptedAsync(single.SubmitAsync(new(await TenantAsync(registry, "acme"), parent), Caller.OfToken("ada"), default));
        var second = await AcceptedAsync(single.SubmitAsync(new(await TenantAsync(registry, "bolt"), parent), Caller.OfToken("ada"), default));
        var someoneWaits = await AcceptedAsync(rename.SubmitAsync(new(await TenantAsync(registry, "cora"), "New"), Caller.OfToken("ada"), default));

        (await registry.ScalarAsync<string>("select string_agg(priority, ' ' order by created_at) from operations")).ShouldBe("scheduled batch batch interactive");
        (await AdmitAsync(1)).ShouldBe([someoneWaits], "it came last, its class goes first, and the parent needs no slot any more");
        (await AdmitAsync(2)).ShouldBe([first]);
        (await AdmitAsync(3)).ShouldBe([second]);

        async Task<IReadOnlyList<Guid>> AdmitAsync(int slots) => [.. (await admission.AdmitAsync(slots, TimeSpan.FromMinutes(1), default)).Operations.Select(o => o.Id)];
    }

    private static async Task<Guid> AcceptedAsync(Task<IntakeOutcome> submitted) => Assert.IsType<CommandAccepted>(await submitted).OperationId;

    private static async Task<TenantId> TenantAsync(NpgsqlDataSource registry, string slug)
    {
        var tenant = new TenantId(Guid.CreateVersion7());
        await registry.ExecuteAsync(
            "insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values (@Value, @slug, @slug, 'basic', 'row', 'active', @slug, 'UTC', 'admin@acme.example')",
            new { tenant.Value, slug });
        return tenant;
    }
}
