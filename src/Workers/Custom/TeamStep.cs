using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Custom;

/// <summary>Runs a team's step. What it gets is in the operation's workflow, as the list of custom steps said when the operation began.</summary>
internal sealed class TeamStep(ISagaStep step, IStepInputStore inputs) : IStep
{
    public string Name => step.Name;

    public async ValueTask<IStep> PrepareAsync(Guid operation, string name, CancellationToken cancellationToken) =>
        await inputs.FindAsync(operation, name, cancellationToken) is { } planned
            ? new Planned(step, planned)
            : throw new InvalidOperationException($"The workflow of operation {operation} has no step '{name}'.");

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("The step was not prepared.");

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("The step was not prepared.");

    private sealed class Planned(ISagaStep step, PlannedStep planned) : IStep
    {
        public string Name => step.Name;

        public IEnumerable<string> SystemsOf(StepContext context) => step.Systems;

        // Its own output is for the compensation.
        public IReadOnlyList<string> Needs { get; } = [.. planned.Definition.Needs, planned.Definition.Name];

        public bool NeedsInput => planned.Definition.NeedsInput;

        public TimeSpan LingersFor => step.LingersFor;

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
            RunAsync(context, forward: true, given => step.ExecuteAsync(given, cancellationToken));

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) =>
            RunAsync(context, forward: false, async given =>
            {
                await step.CompensateAsync(given, cancellationToken);
                return null;
            });

        private async Task<object?> RunAsync(StepContext context, bool forward, Func<ISagaStepContext, Task<object?>> work)
        {
            try
            {
                return await work(new Context(context, planned.Kind, forward));
            }
            catch (SagaStepException error)
            {
                throw new StepFailureException(
                    new Failure { Code = error.Code, Message = error.Message, Remedy = error.Remedy, System = error.System, Kind = error.Kind }, error)
                {
                    RetryAfter = error.RetryAfter,
                    OutcomeUnknown = error.OutcomeUnknown,
                };
            }
        }
    }

    private sealed class Context(StepContext context, string kind, bool forward) : ISagaStepContext
    {
        public Guid OperationId => context.OperationId;

        public string Operation => kind;

        public string Step => context.Step;

        public int Attempt => context.Attempt;

        public string Key { get; } = StepKeys.Of(context.OperationId, context.Step, forward);

        public SagaTenant? Tenant { get; } = context.HasTenant ? Of(context.Tenant) : null;

        public T Input<T>()
            where T : class => context.Input<T>();

        public T? Output<T>(string step)
            where T : class => context.FindOutput<T>(StepAliases.Current(step));

        public void Report(long done, long? total = null, string? unit = null, string? words = null, object? checkpoint = null) =>
            context.Report(done, total, unit, words, checkpoint);

        public T? Checkpoint<T>()
            where T : class => context.Checkpoint<T>();

        public Task RequireLeaseAsync(CancellationToken cancellationToken) => LeaseGuard.RequireAsync(cancellationToken);

        private static SagaTenant Of(Tenant tenant) => new()
        {
            Id = tenant.Id, Slug = tenant.Slug.ToString(), Name = tenant.Name, Plan = tenant.Plan, Isolation = tenant.Tier, Region = tenant.Region,
        };
    }
}
