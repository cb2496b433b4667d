using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime.Circuits;
using Saga.Workers.Runtime.Leases;
using System.Text.Json;

namespace Saga.Workers.Runtime;

/// <summary>
/// Serves one queue of a worker. A delivery waits for a slot, takes the lease, and is acknowledged. From then on the lease shows
/// whether the attempt is alive. The attempt runs independently, for hours if necessary, and reports when it ends. A step's failure is
/// never thrown: it becomes a report, which is a message.
/// </summary>
internal sealed partial class StepConsumer(
    string worker, WorkSlots slots, IEnumerable<IStep> steps, LeaseManager leases, WorkUnderWay underWay, IStepInputStore inputs, CircuitBreakers circuits, QueueSender queues,
    ILeaseCheck check, TimeProvider time, ILogger<StepConsumer> log)
    : IConsumer<ExecuteStep>, IConsumer<CompensateStep>
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);
    private readonly Dictionary<string, IStep> known = steps.ToDictionary(s => s.Name, StringComparer.Ordinal);
    private readonly IStep? runsAll = steps.FirstOrDefault(s => s.RunsAllOf == worker);

    public Task Consume(ConsumeContext<ExecuteStep> context) =>
        BeginAsync(context, (step, stepContext, cancellationToken) => step.ExecuteAsync(stepContext, cancellationToken));

    public Task Consume(ConsumeContext<CompensateStep> context) =>
        BeginAsync(context, async (step, stepContext, cancellationToken) =>
        {
            await step.CompensateAsync(stepContext, cancellationToken);
            return null;
        });

    private async Task BeginAsync<T>(ConsumeContext<T> context, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
        where T : StepCommand
    {
        var command = context.Message;
        if ((runsAll ?? known.GetValueOrDefault(StepAliases.Current(command.Step))) is not { } step)
        {
            await ReportOnceAsync(command, NotKnown(command, $"This version of the worker does not know the step '{command.Step}'.") with { WithoutLease = true }, context.CancellationToken);
            return;
        }

        var slot = await SlotAsync(context);
        if (slot is null)
        {
            LogNoSlot(command.Step, command.OperationId, command.Fence);
            return;
        }

        try
        {
            var (held, tenant, report) = await TakeAsync(command, context.CancellationToken);
            if (report is not null)
                await ReportOnceAsync(command, report, context.CancellationToken);
            if (held is null)
                return;
            var begun = slot;
            slot = null;
            underWay.Begin(() => AttemptAsync(command, step, tenant, held, begun, work));
        }
        finally
        {
            slot?.Dispose();
        }
    }

    // Deliveries that have not started when the host stops go back to the broker, after this process has stopped consuming.
    private async Task<IDisposable?> SlotAsync(ConsumeContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, underWay.Stopping);
        try
        {
            var slot = await slots.WaitAsync(context, either.Token);
            if (!underWay.Stopping.IsCancellationRequested)
                return slot;
            slot?.Dispose();
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // The host is stopping.
        }

        using var closed = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, underWay.Closed);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, closed.Token);
        throw new OperationCanceledException(closed.Token);
    }

    // Returns neither a lease nor a report if this delivery must not answer the dispatch.
    private async Task<(HeldLease? Held, Tenant? Tenant, StepDeferred? Report)> TakeAsync(StepCommand command, CancellationToken cancellationToken)
    {
        LeaseOutcome outcome;
        try
        {
            outcome = await leases.TakeAsync(command, cancellationToken);
        }
        catch (NpgsqlException error)
        {
            // The report needs the kind, because an overloaded registry reduces the installation's slots.
            return (null, null, Deferred(command, "registry", $"The registry does not answer: {error.Message}", TimeSpan.FromSeconds(2)) with { Failure = Failures.Classify(error), WithoutLease = true });
        }
        catch (UnreadableTenantException error)
        {
            // The lease was taken, and is released.
            return (null, null, NotKnown(command, error.Message));
        }

        switch (outcome.Reply.Outcome)
        {
            case LeaseAnswer.Taken:
                return (outcome.Held, outcome.Tenant, null);
            case LeaseAnswer.Busy:
                return (null, null, Deferred(command, "lease", "An older attempt still holds the lease of this step.", outcome.Reply.Remaining + TimeSpan.FromMilliseconds(100)) with { WithoutLease = true });
            case LeaseAnswer.Duplicate:
                LogDuplicate(command.Step, command.OperationId, command.Fence);
                return default;
            case LeaseAnswer.Late:
                LogLate(command.Step, command.OperationId, command.Fence, command.Deadline);
                return default;
            default:
                LogStale(command.Step, command.OperationId, command.Fence);
                return default;
        }
    }

    private async Task AttemptAsync(
        StepCommand command, IStep step, Tenant? tenant, HeldLease held, IDisposable slot, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
    {
        using (held)
        {
            StepReport report;
            using (slot)
            {
                report = command.TenantId is not null && tenant is null
                    ? Failed(command, new Failure { Code = "tenant-unknown", Message = $"Tenant {command.TenantId} is not in the registry.", Kind = FailureKind.Permanent })
                    : await WorkAsync(command, step, new StepContext(tenant, command.OperationId, command.Step, command.Attempt, held.Lease) { Progress = held.Progress }, held, work);
            }

            if (report is not StepSucceeded)
                await leases.FlushAsync(held);

            // While the broker does not accept the report, the lease is renewed, so that no other worker repeats the work, and the
            // registry says that the report is awaited, so that the attempt does not end by time.
            held.BeginReport();
            while (!held.Reported && !underWay.Silenced.IsCancellationRequested)
            {
                try
                {
                    await ReportAsync(report, underWay.Silenced);
                    held.Reported = true;
                }
                catch (Exception error)
                {
                    LogNotReported(error, command.Step, command.OperationId, command.Fence);
                    await Task.Delay(FirstDelay, time, underWay.Silenced).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    // Nothing runs under a lease of this delivery. If the report does not arrive, the dispatch counts as undelivered and is sent again.
    private async Task ReportOnceAsync(StepCommand command, StepDeferred report, CancellationToken cancellationToken)
    {
        try
        {
            await ReportAsync(report, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogLeftToRedelivery(error, command.Step, command.OperationId, command.Fence);
        }
    }

    private async Task ReportAsync(StepReport report, CancellationToken cancellationToken)
    {
        using var activity = WorkersTelemetry.StartReport(report);
        await queues.SendAsync(Endpoints.Operations, report, Guid.CreateVersion7(), cancellationToken);
    }

    private async Task<StepReport> WorkAsync(
        StepCommand command, IStep step, StepContext stepContext, HeldLease held, Func<IStep, StepContext, CancellationToken, Task<object?>> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, underWay.Cut);
        using var over = new AttemptEnd(held.AttemptLeft, stop, time, command.StallAfter);
        held.Progress.Progressed = over.Progressed;
        using var activity = WorkersTelemetry.StartStep(command);
        using var guard = LeaseGuard.Enter(check, held.Lease, () => held.Stands);
        try
        {
            step = await step.PrepareAsync(command.OperationId, command.Step, stop.Token);
            var given = stepContext.With(await inputs.ReadAsync(command.OperationId, step.Needs, step.NeedsInput, stop.Token));
            var systems = step.SystemsOf(stepContext).ToList();
            var output = await circuits.RunAsync(systems, token => over.RunAsync(command, systems, () => work(step, given, token)), stop.Token);
            return new StepSucceeded
            {
                OperationId = command.OperationId,
                Step = command.Step,
                Fence = command.Fence,
                Output = StepOutput.Of(output),
                LingersFor = command is CompensateStep && step.LingersFor > TimeSpan.Zero ? step.LingersFor : null,
            };
        }
        catch (CircuitOpenException open)
        {
            return Deferred(command, open.System, open.Message, open.RetryAfter);
        }
        catch (Exception error) when (error is LeaseLostException || held.Lost.IsCancellationRequested)
        {
            LogLeaseLost(error is LeaseLostException or OperationCanceledException ? null : error, command.Step, command.OperationId, command.Fence);
            // If a newer fencing token took the lease, this report is ignored. If the lease was lost because the registry was unavailable, this
            // dispatch is still the current one, and without a report its step would wait until its time is over.
            return Deferred(command, "lease", "The lease was lost while the step ran.", TimeSpan.FromMilliseconds(500)) with { OutcomeUnknown = true };
        }
        catch (OperationCanceledException) when (underWay.Cut.IsCancellationRequested)
        {
            return Deferred(command, "worker", "The worker was stopped.", TimeSpan.FromSeconds(1)) with { OutcomeUnknown = true };
        }
        catch (Exception error)
        {
            LogFailed(error, command.Step, command.OperationId, command.Attempt, error.Message);
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, error.Message);
            return Failed(command, error);
        }
    }

    // Outage and overload are the external system's fault, so they cost the step no attempt. The same applies to a failed attempt whose
    // system's circuit is open.
    private StepReport Failed(StepCommand command, Exception error)
    {
        var failure = Failures.Classify(error);
        var defers = failure.Kind is FailureKind.Outage or FailureKind.Overload
            || (failure is { Kind: FailureKind.Transient, System: { } system } && circuits.IsOpen(system));
        // The attempt was cancelled or got no answer, so its calls may still take effect.
        var unknown = failure.Kind == FailureKind.Outage || error is AttemptTimeoutException or OperationCanceledException or StepFailureException { OutcomeUnknown: true };
        if (!defers)
            return Failed(command, failure) with { OutcomeUnknown = unknown };
        var asked = (error as StepFailureException)?.RetryAfter ?? FirstDelay;
        return Deferred(command, failure.System ?? failure.Code, failure.Message, asked < FirstDelay ? FirstDelay : asked < LongestDelay ? asked : LongestDelay) with { Failure = failure, OutcomeUnknown = unknown };
    }

    private static StepFailed Failed(StepCommand command, Failure failure) =>
        new() { OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, Failure = failure };

    private static StepDeferred Deferred(StepCommand command, string system, string reason, TimeSpan retryAfter) =>
        new() { OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, System = system, Reason = reason, RetryAfter = retryAfter };

    // A newer worker will take the step, so this costs no attempt.
    private static StepDeferred NotKnown(StepCommand command, string reason) => Deferred(command, "worker", reason, TimeSpan.FromSeconds(2));

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Dispatch {Fence} of step {Step} of operation {Operation} is stale; nothing was done.")]
    private partial void LogStale(string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Information, Message = "Dispatch {Fence} of step {Step} of operation {Operation} was delivered twice; the other delivery handles it, or already has.")]
    private partial void LogDuplicate(string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Warning, Message = "Dispatch {Fence} of step {Step} of operation {Operation} arrived after its deadline, {Deadline}; nothing was done, and it will be sent again.")]
    private partial void LogLate(string step, Guid operation, long fence, DateTimeOffset deadline);

    [LoggerMessage(EventId = 2106, Level = LogLevel.Information, Message = "Dispatch {Fence} of step {Step} of operation {Operation} found no free slot for too long; it will be sent again.")]
    private partial void LogNoSlot(string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2107, Level = LogLevel.Warning, Message = "The report of step {Step} of operation {Operation} under fencing token {Fence} could not be sent; trying again.")]
    private partial void LogNotReported(Exception error, string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2681, Level = LogLevel.Warning, Message = "The report of step {Step} of operation {Operation} under fencing token {Fence} could not be sent; the step will be delivered again.")]
    private partial void LogLeftToRedelivery(Exception error, string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Step {Step} of operation {Operation} stopped: fencing token {Fence} lost its lease.")]
    private partial void LogLeaseLost(Exception? error, string step, Guid operation, long fence);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Step {Step} of operation {Operation} failed in attempt {Attempt}: {Reason}")]
    private partial void LogFailed(Exception error, string step, Guid operation, int attempt, string reason);
}
