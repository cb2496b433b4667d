using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.CustomSteps;
using Saga.Lifecycle;
using Saga.Lifecycle.CustomSteps;
using Saga.Lifecycle.Intake;
using Saga.Tests.Unit.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.CustomSteps;

/// <summary>Against the workflows of this version.</summary>
public sealed class When_a_list_of_custom_steps_is_checked
{
    private static readonly CustomStep Good = Steps.Of("acme.account.open", "organization.create") with { Workflow = "provision" };
    private static readonly CustomStep Call = Good with { Worker = null, Http = Steps.Call };

    private static readonly CustomStep Wait = Steps.Waiting("acme.contract.sign", Steps.Signal, "placement.reserve") with { Workflow = "provision" };

    private readonly CustomStepAdmission admission = new(CommandCatalogue.Of(new ServiceCollection().AddLifecycle(Catalogue.NoSettings)), null!);

    public static TheoryData<CustomStep, string, string> Wrong => new()
    {
        { Good with { Name = "account.open" }, "/steps/0/name", CustomNames.StepRule },
        { Good with { Name = "acme.Account.open" }, "/steps/0/name", CustomNames.StepRule },
        { Good with { Name = null! }, "/steps/0/name", CustomNames.StepRule },
        { Good with { Workflow = "provisioning" }, "/steps/0/workflow", "must be one of provision, adopt, suspend" },
        { Good with { Worker = null }, "/steps/0", "needs either a worker that runs it, or http" },
        { Good with { Http = Steps.Call }, "/steps/0", "needs either a worker that runs it, or http" },
        { Good with { Worker = "database" }, "/steps/0/worker", CustomNames.WorkerRule },
        { Good with { Worker = "acme-undo" }, "/steps/0/worker", CustomNames.WorkerRule },
        { Good with { After = null! }, "/steps/0/after", "must be a list" },
        { Good with { After = ["organisation.create"] }, "/steps/0/after", "'organisation.create' is not a step of workflow 'provision'; there are placement.reserve, organization.create" },
        { Good with { Before = ["place.close"] }, "/steps/0/before", "'place.close' is not a step of workflow 'provision'" },
        { Good with { After = ["tenant.activate"] }, "/steps/0/after", "comes after the pivot 'tenant.activate'" },
        { Good with { Workflow = "suspend", After = ["tenant.suspend"] }, "/steps/0/afterPivot", "only goes forward once it is accepted" },
        { Call with { Http = Steps.Call with { ExecuteUrl = "http://crm.acme.example/" } }, "/steps/0/http/executeUrl", "must be an absolute https address" },
        { Call with { Http = Steps.Call with { ExecuteUrl = "https://user:secret@crm.acme.example/" } }, "/steps/0/http/executeUrl", "without user" },
        { Call with { Http = Steps.Call with { ExecuteUrl = "/open" } }, "/steps/0/http/executeUrl", "absolute" },
        { Call with { Http = Steps.Call with { ExecuteUrl = null! } }, "/steps/0/http/executeUrl", "absolute" },
        { Call with { Http = Steps.Call with { CompensateUrl = null } }, "/steps/0/http/compensateUrl", "is required" },
        { Call with { AfterPivot = true }, "/steps/0/http/compensateUrl", "must be absent" },
        { Call with { Http = Steps.Call with { Secret = "Acme" } }, "/steps/0/http/secret", CustomNames.SecretRule },
        { Good with { MaxAttempts = 0 }, "/steps/0/maxAttempts", "must be from 1 to 100" },
        { Good with { TimeoutSeconds = 86401 }, "/steps/0/timeoutSeconds", "must be from 1 to 86400" },
        { Good with { TimeoutSeconds = 100, DeadlineSeconds = 99 }, "/steps/0/deadlineSeconds", "must be from 100 to 604800, and not below timeoutSeconds" },
        { Good with { StallAfterSeconds = 0 }, "/steps/0/stallAfterSeconds", "must be from 1 to 86400" },
        { Good with { Wait = Steps.Time }, "/steps/0", "needs either a worker that runs it, or http with the endpoint to call, or wait" },
        { Call with { Wait = Steps.Time }, "/steps/0", "or wait with what it waits for" },
        { Wait with { Wait = Steps.Signal with { For = "quorum" } }, "/steps/0/wait/for", "must be one of approval, signal, time" },
        { Wait with { Wait = Steps.Signal with { For = null! } }, "/steps/0/wait/for", "must be one of approval, signal, time" },
        { Wait with { Wait = Steps.Signal with { Name = null } }, "/steps/0/wait/name", CustomNames.SignalRule },
        { Wait with { Wait = Steps.Signal with { Name = "contract signed" } }, "/steps/0/wait/name", CustomNames.SignalRule },
        { Wait with { Wait = Steps.Approval with { Name = "board" } }, "/steps/0/wait/name", "must be absent, because only a signal has a name" },
        { Wait with { Wait = Steps.Signal with { WithinSeconds = null } }, "/steps/0/wait/withinSeconds", "is required, and must be from 1 to 31622400" },
        { Wait with { Wait = Steps.Signal with { WithinSeconds = 31622401 } }, "/steps/0/wait/withinSeconds", "must be from 1 to 31622400" },
        { Wait with { Needs = ["placement.reserve"] }, "/steps/0/needs", "nobody runs a step that waits" },
        { Wait with { NeedsInput = true }, "/steps/0/needsInput", "nobody runs a step that waits" },
        { Wait with { MaxAttempts = 2 }, "/steps/0/maxAttempts", "nobody runs a step that waits" },
        { Wait with { TimeoutSeconds = 9 }, "/steps/0/timeoutSeconds", "nobody runs a step that waits" },
        { Wait with { DeadlineSeconds = 90 }, "/steps/0/deadlineSeconds", "nobody runs a step that waits" },
        { Wait with { StallAfterSeconds = 9 }, "/steps/0/stallAfterSeconds", "nobody runs a step that waits" },
    };

    [Fact]
    public void Should_pass_when_it_fits() => admission.Check(
    [
        Good, Call with { Name = "acme.crm.register", After = ["acme.account.open"], Before = ["tenant.verify"], Needs = ["acme.account.open"] },
        Good with { Workflow = "suspend", After = ["place.close"], AfterPivot = true },
        Wait, Wait with { Name = "acme.contract.read", Wait = Steps.Approval, After = [], Before = ["placement.reserve"] }, Wait with { Name = "acme.contract.rest", Wait = Steps.Time, AfterPivot = true, After = [] },
        Wait with { Workflow = "suspend", After = ["place.close"], AfterPivot = true },
    ]).ShouldBeEmpty();

    [Theory, MemberData(nameof(Wrong))]
    public void Should_name_the_field_and_the_rule(CustomStep step, string pointer, string rule)
    {
        var error = admission.Check([step]).ShouldHaveSingleItem();

        error.Pointer.ShouldBe(pointer, error.Detail);
        error.Detail.ShouldContain(rule);
    }

    [Fact]
    public void Should_say_which_step_is_listed_twice() => admission.Check([Good, Good]).ShouldHaveSingleItem().Pointer.ShouldBe("/steps/1/name");

    [Fact]
    public void Should_say_which_signal_two_steps_of_a_workflow_wait_for()
    {
        var error = admission.Check([Wait, Wait with { Name = "acme.contract.read" }]).ShouldHaveSingleItem();

        (error.Pointer, error.Detail).ShouldBe(("/steps/1/wait/name", "another step of workflow 'provision' waits for 'contract-signed' already"));
    }

    [Fact]
    public void Should_have_an_end() => admission.Check([.. Enumerable.Range(0, 101).Select(i => Good with { Name = $"acme.account.open{i}" })]).ShouldHaveSingleItem().Pointer.ShouldBe("/steps");

    // The product's names can grow without meeting a team's.
    [Fact]
    public void Should_leave_the_products_names_to_the_product()
    {
        Catalogue.Workflows.SelectMany(w => w.Steps).ShouldAllBe(s => !CustomNames.IsStep(s.Name));
        Saga.Workers.ResourceModules.All.ShouldAllBe(m => !CustomNames.IsWorker(m.Worker));
    }
}
