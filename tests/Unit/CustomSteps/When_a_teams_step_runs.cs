using System.Text.Json;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Steps;
using Saga.Workers.Custom;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.CustomSteps;

public sealed class When_a_teams_step_runs
{
    private static readonly Guid Operation = Guid.CreateVersion7();

    private static readonly Tenant Tenant = new()
    {
        Id = new TenantId(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "basic", Tier = IsolationTier.Row, Status = TenantStatus.Active,
        Subdomain = "acme", Timezone = "UTC", AdminEmail = "ada@acme.com", Region = "eu", Features = new Dictionary<string, bool>(),
        Settings = new Dictionary<string, JsonElement>(), Version = 1, CreatedAt = default, UpdatedAt = default,
    };

    private readonly Inputs inputs = new(new StepDefinition { Name = Recorder.StepName, Worker = "acme-accounts", Needs = ["organization.create"], NeedsInput = true });

    [Fact]
    public async Task Should_get_what_the_list_of_custom_steps_grants_it()
    {
        var recorder = new Recorder();
        var step = await new TeamStep(recorder, inputs).PrepareAsync(Operation, Recorder.StepName, default);

        step.Needs.ShouldBe(["organization.create", Recorder.StepName]);
        step.NeedsInput.ShouldBeTrue();
        step.LingersFor.ShouldBe(TimeSpan.FromSeconds(7));
        step.SystemsOf(Context(step)).ShouldBe(["crm"]);
        (await step.ExecuteAsync(Context(step), default)).ShouldBe("made");
        var seen = recorder.Seen!;
        (seen.OperationId, seen.Operation, seen.Step, seen.Attempt).ShouldBe((Operation, "provision", Recorder.StepName, 3));
        seen.Tenant.ShouldBe(new SagaTenant { Id = Tenant.Id, Slug = "acme", Name = "Acme", Plan = "basic", Isolation = IsolationTier.Row, Region = "eu" });
        seen.Input<Thing>().ShouldBe(new Thing("the command"));
        seen.Output<Thing>("organization.create").ShouldBe(new Thing("an organisation"));
        seen.Output<Thing>(Recorder.StepName).ShouldBeNull("it has returned nothing yet");
        Should.Throw<InvalidOperationException>(() => seen.Output<Thing>("cache.create")).Message.ShouldContain("without declaring it");
    }

    [Fact]
    public async Task Should_have_one_key_for_all_attempts_in_a_direction()
    {
        var recorder = new Recorder();
        var step = await new TeamStep(recorder, inputs).PrepareAsync(Operation, Recorder.StepName, default);

        await step.ExecuteAsync(Context(step), default);
        var execute = recorder.Seen!.Key;
        await step.ExecuteAsync(Context(step), default);
        recorder.Seen.Key.ShouldBe(execute);
        execute.ShouldBe($"{Operation:n}_acme_account_open_execute");
        await step.CompensateAsync(Context(step), default);
        recorder.Seen.Key.ShouldBe($"{Operation:n}_acme_account_open_compensate");
    }

    [Fact]
    public async Task Should_fail_as_it_says()
    {
        var recorder = new Recorder
        {
            Fails = new SagaStepException(FailureKind.Overload, "crm-busy", "The CRM is busy.") { Remedy = "Wait.", System = "crm", RetryAfter = TimeSpan.FromSeconds(9), OutcomeUnknown = true },
        };
        var step = await new TeamStep(recorder, inputs).PrepareAsync(Operation, Recorder.StepName, default);

        var error = await Should.ThrowAsync<StepFailureException>(() => step.ExecuteAsync(Context(step), default));

        (error.Failure.Kind, error.Failure.Code, error.Failure.Message, error.Failure.Remedy, error.Failure.System).ShouldBe((FailureKind.Overload, "crm-busy", "The CRM is busy.", "Wait.", "crm"));
        (error.RetryAfter, error.OutcomeUnknown).ShouldBe((TimeSpan.FromSeconds(9), true));
    }

    [Fact]
    public async Task Should_not_run_where_the_workflow_has_no_such_step() =>
        (await Should.ThrowAsync<InvalidOperationException>(async () => await new TeamStep(new Recorder(), new Inputs(null)).PrepareAsync(Operation, Recorder.StepName, default)))
            .Message.ShouldBe($"The workflow of operation {Operation} has no step 'acme.account.open'.");

    [Theory]
    [InlineData("\"a\\u0000b\"")]
    [InlineData("{\"a\\u0000b\":1}")]
    [InlineData("[\"\\ud800\"]")]
    [InlineData("1e999")]
    public void Should_return_what_the_registry_can_store(string json) =>
        Should.Throw<StepFailureException>(() => StepOutput.Of(JsonElement.Parse(json))).Failure.Code.ShouldBe("output-invalid");

    [Fact]
    public void Should_not_return_a_lot()
    {
        Should.Throw<StepFailureException>(() => StepOutput.Of(new { text = new string('x', 70_000) })).Failure.Message.ShouldBe("The step's output has more than 64 KiB.");
        StepOutput.Of(new { text = "näh", list = new[] { 1.5 } })!.Value.GetRawText().ShouldContain("1.5");
        StepOutput.Of(null).ShouldBeNull();
    }

    private StepContext Context(IStep step) =>
        new StepContext(Tenant, Operation, Recorder.StepName, 3, new StepLease(Operation, Recorder.StepName, 1, Guid.NewGuid())).With(new StepInputs
        {
            Asked = step.Needs,
            Command = JsonSerializer.SerializeToElement(new { text = "the command" }),
            Outputs = new Dictionary<string, JsonElement> { ["organization.create"] = JsonSerializer.SerializeToElement(new { text = "an organisation" }) },
        });

    private sealed record Thing(string Text);

    private sealed class Recorder : ISagaStep
    {
        public const string StepName = "acme.account.open";

        public string Name => StepName;

        public IReadOnlyList<string> Systems => ["crm"];

        public TimeSpan LingersFor => TimeSpan.FromSeconds(7);

        public SagaStepException? Fails { get; init; }

        public ISagaStepContext? Seen { get; private set; }

        public Task<object?> ExecuteAsync(ISagaStepContext context, CancellationToken cancellationToken)
        {
            Seen = context;
            return Fails is null ? Task.FromResult<object?>("made") : throw Fails;
        }

        public Task CompensateAsync(ISagaStepContext context, CancellationToken cancellationToken)
        {
            Seen = context;
            return Task.CompletedTask;
        }
    }

    private sealed class Inputs(StepDefinition? definition) : IStepInputStore
    {
        public Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken) => Task.FromResult(StepInputs.None);

        public Task<PlannedStep?> FindAsync(Guid operation, string step, CancellationToken cancellationToken) =>
            Task.FromResult(definition is null ? null : new PlannedStep("provision", default, definition));
    }
}
