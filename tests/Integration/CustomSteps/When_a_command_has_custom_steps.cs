using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_a_command_has_custom_steps : IntakeTest
{
    private const string Own = """{"name":"acme.account.open","workflow":"provision","worker":"acme-accounts","after":["organization.create"]}""";
    private const string Call = """{"name":"acme.crm.tell","workflow":"provision","afterPivot":true,"http":{"executeUrl":"https://crm.acme.example/","secret":"acme"}}""";

    [Fact]
    public async Task Should_run_them_in_the_version_that_is_current_when_it_is_accepted()
    {
        await Seed.ProcessAsync(Registry, ["acme.account.open", "http.call:acme"]);
        var before = await AcceptedAsync(Command("before"));
        await PutAsync(1, Own, Call);
        var with = await AcceptedAsync(Command("with"));
        await PutAsync(2);
        var after = await AcceptedAsync(Command("after"));

        (await StepsAsync(before)).ShouldBe(await StepsAsync(after));
        (await StepsAsync(with)).ShouldBe(await StepsAsync(after) + 2);
        (await QueryAsync<string>($"select definition ->> 'customStepsVersion' from workflows w join operations o on o.workflow_digest = w.digest where o.id = '{with.OperationId}'")).ShouldBe("1");
    }

    [Fact]
    public async Task Should_show_them_before_it_is_accepted()
    {
        await Seed.ProcessAsync(Registry, ["acme.account.open", "http.call:acme"]);
        await PutAsync(1, Own, Call);

        var plan = await Intake.PlanAsync(Command("acme"), default);

        plan.Rejection.ShouldBeNull();
        plan.Workflow!.Steps.Select(s => s.Name).ShouldBe(ProvisionWorkflow.Definition.Steps.Select(s => s.Name).Append("acme.account.open").Append("acme.crm.tell"), ignoreOrder: true);
    }

    [Fact]
    public async Task Should_be_refused_while_nobody_runs_them()
    {
        await PutAsync(1, Own, Call);

        var refused = await RejectedAsync(Command("acme"));

        refused.Code.ShouldBe(RejectionCodes.StepNotHosted);
        refused.Detail.ShouldBe("No running process knows the steps 'acme.account.open', 'acme.crm.tell' (with the signing secret 'acme'). Start the workers that run them, then send the command again.");
        await Seed.ProcessAsync(Registry, ["acme.account.open"]);
        (await RejectedAsync(Command("acme"))).Detail.ShouldStartWith("No running process knows the step 'acme.crm.tell' (with");
        await Seed.ProcessAsync(Registry, ["http.call:acme"]);
        await AcceptedAsync(Command("acme"));
    }

    // It was checked against another version of the product. Leaving the step out could leave out what a team relies on.
    [Theory]
    [InlineData("""{"name":"acme.account.open","workflow":"provision","worker":"acme-accounts","after":["organization.found"]}""", "no workflow of this kind has every step that 'acme.account.open' names")]
    [InlineData("""{"name":"acme.account.open","workflow":"provision","worker":"acme-accounts","after":["tenant.activate"]}""", "comes after the pivot 'tenant.activate'")]
    public async Task Should_be_refused_when_they_do_not_fit_the_workflow_any_more(string step, string reason)
    {
        await PutAsync(1, step);

        var refused = await RejectedAsync(Command("acme"));

        refused.Code.ShouldBe(RejectionCodes.CustomStepsInvalid);
        refused.Detail.ShouldStartWith("Version 1 of the custom steps does not fit the workflow 'provision': ");
        refused.Detail.ShouldContain(reason);
        (await Intake.PlanAsync(Command("acme"), default)).Rejection!.Code.ShouldBe(RejectionCodes.CustomStepsInvalid);
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_care_about_those_of_other_workflows()
    {
        await PutAsync(1, Own.Replace("provision", "suspend", StringComparison.Ordinal).Replace("organization.create", "nothing", StringComparison.Ordinal));

        await AcceptedAsync(Command("acme"));
    }

    private async Task PutAsync(int version, params string[] steps)
    {
        await using var put = Registry.CreateCommand($"insert into custom_steps (version, steps, set_by, set_at) values ({version}, '[{string.Join(',', steps)}]', 'ada', now())");
        await put.ExecuteNonQueryAsync();
    }

    private Task<int> StepsAsync(CommandAccepted accepted) =>
        QueryAsync<int>($"select jsonb_array_length(definition -> 'steps') from workflows w join operations o on o.workflow_digest = w.digest where o.id = '{accepted.OperationId}'");
}
