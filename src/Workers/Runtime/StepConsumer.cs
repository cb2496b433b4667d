using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using System.Text.Json;

namespace Saga.Workers.Runtime;

/// <summary>
/// Runs one attempt of one step: takes the lease, works while it holds, and reports. Serves every worker's queue.
/// It never lets an exception out for what a step does: a failure is a report, and a report is a message.
/// </summary>
internal sealed partial class StepConsumer(
    IEnumerable<IStep> steps, LeaseManager leases, StepInputStore inputs, CircuitBreakers circuits, QueueSender queues,
    LeasedTransactions transactions, TimeProvider time, ILogger<StepConsumer> log)
    : IConsumer<ExecuteStep>, IConsumer<CompensateStep>
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);
    private readonly Dictionary<string, IStep> known = steps.ToDictionary(s => s.Name, StringComparer.Ordinal);

    public Task Consume(ConsumeContext<ExecuteStep> context) =>
        RunAsync(context, (step, stepContext, cancellationToken) => step.ExecuteAsync(stepContext, cancellationToken));

    public Task Consume(ConsumeContext<CompensateStep> context) =>
        RunAsync(context, async (step, stepContext, cancellationToken) =>
        {
            await step.CompensateAsync(stepContext, cancellationToken);
            return null;
        });

    private async Task RunAsync<T>(ConsumeContext<T> context, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
        where T : StepCommand
    {
        var report = await AttemptAsync(context, work);
        if (report is null)
            return;
        using var activity = WorkersTelemetry.StartReport(report);
        await queues.SendAsync(Endpoints.Operations, report, Guid.CreateVersion7(), context.CancellationToken);
    }

    // Null: the dispatch is not ours to answer.
    private async Task<StepReport?> AttemptAsync<T>(ConsumeContext<T> context, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
        where T : StepCommand
    {
        var command = context.Message;
        if (!known.TryGetValue(StepAliases.Current(command.Step), out var step))
            return NotKnown(command, $"This version of the worker does not know the step '{command.Step}'.");

        LeaseOutcome outcome;
        try
        {
            outcome = await leases.TakeAsync(command, context.CancellationToken);
        }
        catch (NpgsqlException error)
        {
            return Held(command, "registry", $"The registry does not answer: {error.Message}", TimeSpan.FromSeconds(2));
        }
        catch (UnreadableTenantException error)
        {
            return NotKnown(command, error.Message);
        }

        if (outcome.Reply.Outcome == LeaseAnswer.Stale)
        {
            LogStale(command.Step, command.OperationId, command.Fence);
            return null;
        }

        if (outcome.Held is not { } held)
            return Held(command, "lease", "Another worker holds the lease of this step.", outcome.Reply.Remaining + TimeSpan.FromMilliseconds(100));

        using (held)
        {
            if (command.TenantId is not null && outcome.Tenant is null)
                return Failed(command, new Failure { Code = "tenant-unknown", Message = $"Tenant {command.TenantId} is not in the registry.", Kind = FailureKind.Permanent });
            return await WorkAsync(context, step, new StepContext(outcome.Tenant, command.OperationId, command.Step, command.Attempt, held.Lease), held, work);
        }
    }

    private async Task<StepReport?> WorkAsync<T>(
        ConsumeContext<T> context, IStep step, StepContext stepContext, HeldLease held, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
        where T : StepCommand
    {
        var command = context.Message;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, context.CancellationToken);
        using var over = new AttemptEnd(command.Deadline - time.GetUtcNow(), stop, time);
        using var activity = WorkersTelemetry.StartStep(command);
        using var guard = transactions.Guard(held.Lease);
        try
        {
            var given = stepContext.With(await inputs.ReadAsync(command.OperationId, step.Needs, step.NeedsInput, stop.Token));
            var systems = stepContext.HasTenant ? step.Systems(stepContext.Tenant).ToList() : [];
            var output = await circuits.RunAsync(systems, token => over.RunAsync(command, systems, () => work(step, given, token)), stop.Token);
            return new StepSucceeded
            {
                OperationId = command.OperationId,
                Step = command.Step,
                Fence = command.Fence,
                Output = output is null ? null : JsonSerializer.SerializeToElement(output, Json.Options),
                LingersFor = command is CompensateStep && step.LingersFor > TimeSpan.Zero ? step.LingersFor : null,
            };
        }
        catch (CircuitOpenException open)
        {
            return Held(command, open.System, open.Message, open.RetryAfter);
        }
        catch (Exception error) when (error is LeaseLostException || held.Lost.IsCancellationRequested)
        {
            LogLeaseLost(error is LeaseLostException or OperationCanceledException ? null : error, command.Step, command.OperationId, command.Fence);
            // Lost to a newer fence, this says nothing to anybody. Lost because the registry was away, the step is
            // still this dispatch's, and nobody else would speak for it before its time is over.
            return Held(command, "lease", "The lease was lost while the step ran.", TimeSpan.FromMilliseconds(500)) with { OutcomeUnknown = true };
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            return Held(command, "worker", "The worker was stopped.", TimeSpan.FromSeconds(1)) with { OutcomeUnknown = true };
        }
        catch (Exception error)
        {
            LogFailed(error, command.Step, command.OperationId, command.Attempt, error.Message);
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, error.Message);
            return Failed(command, error);
        }
    }

    // An outage and too much to do are the external system's, not the step's: they cost it no attempt. The same goes for what failed as
    // its system's circuit was found to be open.
    private StepReport Failed(StepCommand command, Exception error)
    {
        var failure = Failures.Classify(error);
        var defers = failure.Kind is FailureKind.Outage or FailureKind.Overload
            || (failure is { Kind: FailureKind.Transient, System: { } system } && circuits.IsOpen(system));
        // Cut short, or without an answer: what it asked for may still come about.
        var unknown = failure.Kind == FailureKind.Outage || error is AttemptTimeoutException or OperationCanceledException;
        if (!defers)
            return Failed(command, failure) with { OutcomeUnknown = unknown };
        var asked = (error as StepFailureException)?.RetryAfter ?? FirstDelay;
        return Held(command, failure.System ?? failure.Code, failure.Message, asked < FirstDelay ? FirstDelay : asked < LongestDelay ? asked : LongestDelay) with { Failure = failure, OutcomeUnknown = unknown };
    }

    private static StepFailed Failed(StepCommand command, Failure failure) =>
        new() { OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, Failure = failure };

    private static StepDeferred Held(StepCommand command, string system, string reason, TimeSpan retryAfter) =>
        new() { OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, System = system, Reason = reason, RetryAfter = retryAfter };

    // A newer worker will take it: it costs no attempt.
    private static StepDeferred NotKnown(StepCommand command, string reason) => Held(command, "worker", reason, TimeSpan.FromSeconds(2));

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Dispatch {Fence} of step {Step} of operation {Operation} is stale; nothing was done.")]
    private partial void LogStale(string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Step {Step} of operation {Operation} stopped: fence {Fence} lost its lease.")]
    private partial void LogLeaseLost(Exception? error, string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Step {Step} of operation {Operation} failed in attempt {Attempt}: {Reason}")]
    private partial void LogFailed(Exception error, string step, Guid operation, int attempt, string reason);
}
