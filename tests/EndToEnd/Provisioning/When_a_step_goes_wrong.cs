using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>
/// Each step fails in each possible way, for tenants that are provisioned at once. Steps that differ between the isolation tiers fail in
/// each tier, the others in one of them, which <see cref="RunSeed"/> chooses; with <c>SAGA_CRASH_ALL=1</c> in each.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_step_goes_wrong
{
    private static readonly string[] Compensatable =
    [
        StepNames.Reserve, StepNames.Identity, StepNames.Database, StepNames.Storage, StepNames.Cache, StepNames.Configuration,
        StepNames.Migrate, StepNames.Administrator, StepNames.Verify,
    ];

    private static readonly string[] Tiered = [StepNames.Reserve, StepNames.Database, StepNames.Migrate, StepNames.Verify];

    private static readonly string[] Plans = ["basic", "premium", "enterprise"];

    private static readonly string[] All = [.. Compensatable, StepNames.Activate, StepNames.Notify];

    [Fact]
    [InTurn(1, of: 6)]
    public async Task Should_complete_when_a_step_fails_twice_for_a_while() =>
        await EachAsync(All, OperationState.Completed, wrong => new StepFaults
        {
            Before = (context, call) =>
            {
                if (call <= 2 && wrong(context))
                    throw StepFailureException.Transient("told-to-fail", "The test wants it so.");
            },
        });

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_complete_when_a_step_acts_and_its_answer_is_lost() =>
        await EachAsync(All, OperationState.Completed, wrong => new StepFaults
        {
            After = (context, call) =>
            {
                if (call <= 2 && wrong(context))
                    throw new TimeoutException("The answer is lost.");
            },
        });

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_leave_nothing_when_a_step_fails_permanently() =>
        await EachAsync([.. Compensatable, StepNames.Activate], OperationState.Compensated, wrong => new StepFaults
        {
            Before = (context, _) =>
            {
                if (wrong(context))
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_leave_nothing_when_a_step_acts_and_fails_permanently() =>
        await EachAsync(Compensatable, OperationState.Compensated, wrong => new StepFaults
        {
            After = (context, _) =>
            {
                if (wrong(context))
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });

    [Fact]
    public async Task Should_stall_with_a_whole_tenant_when_only_the_mail_fails_permanently() =>
        await EachAsync([StepNames.Notify], OperationState.Stalled, wrong => new StepFaults
        {
            Before = (context, _) =>
            {
                if (wrong(context))
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_complete_when_Keycloak_acts_and_loses_its_answers()
    {
        await using var running = await RunningSite.StartAsync();
        foreach (var (method, route) in ((string, string)[])[("POST", "organizations"), ("POST", "users"), ("POST", "organizations/{org-id}/members")])
            running.Site.Keycloak.Arm(method, route, new KeycloakFault { LoseAnswer = true }, times: 3);

        var accepted = await running.SubmitAsync(6);

        await running.EndAsync(accepted, OperationState.Completed);
        running.Site.Keycloak.Violations.ShouldBeEmpty();
    }

    // The tenant's name says which step fails for it.
    private static async Task EachAsync(string[] steps, OperationState expected, Func<Func<StepContext, bool>, StepFaults> faults)
    {
        await using var running = await RunningSite.StartAsync(faults(context => context.Tenant.Name.StartsWith(context.Step + " of ", StringComparison.Ordinal)));
        var commands = steps.SelectMany((step, index) => PlansOf(step, index).Select(Site.NewCommand)
            .Select(command => command with { Name = $"{step} of {command.Slug}" }));

        var accepted = await Task.WhenAll(commands.Select(running.SubmitAsync));

        await running.EndAsync(accepted, expected);
    }

    private static string[] PlansOf(string step, int index) =>
        CrashWorlds.All || Tiered.Contains(step, StringComparer.Ordinal) ? Plans : [Plans[((RunSeed.Value % Plans.Length) + index) % Plans.Length]];
}
