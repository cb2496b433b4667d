using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime.Progress;

namespace Saga.Workers.Runtime;

/// <summary>What a step works on, and the lease under which it works.</summary>
public sealed class StepContext(Tenant? tenant, Guid operationId, string step, int attempt, StepLease lease)
{
    /// <summary>The tenant as it was in the registry when this attempt started.</summary>
    /// <exception cref="InvalidOperationException">The operation does not concern a single tenant.</exception>
    public Tenant Tenant => tenant ?? throw new InvalidOperationException($"Operation {OperationId} does not concern a single tenant, but its step '{Step}' needs one.");

    public bool HasTenant => tenant is not null;

    public TenantId TenantId => Tenant.Id;

    public Guid OperationId { get; } = operationId;

    public string Step { get; } = step;

    /// <summary>The attempt's number, starting at 1.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>The data for the step from the registry.</summary>
    public StepInputs Inputs { get; private init; } = StepInputs.None;

    /// <summary>Pass it to code that writes to the registry, so that each write checks the lease in the same transaction.</summary>
    public StepLease Lease { get; } = lease;

    /// <summary>Takes what the step reports; null outside an attempt.</summary>
    internal ProgressSlot? Progress { get; init; }

    public StepContext With(StepInputs inputs) => new(tenant, OperationId, Step, Attempt, Lease) { Inputs = inputs, Progress = Progress };

    /// <summary>
    /// Says how far the step has come. Cheap, and may be called often: the newest report is carried by the renewal of the lease, at most
    /// once a second. A report that says the same as the one before is no progress. For a step whose definition has
    /// <c>StallAfter</c>, progress moves the attempt's end.
    /// </summary>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is; null while it is not known.</param>
    /// <param name="unit">What is counted, such as <c>rows</c>.</param>
    /// <param name="words">What the step is doing. Shown to callers, so never a secret.</param>
    /// <param name="checkpoint">
    /// Where the next attempt in the same direction may begin; null to keep the one before. It is stored up to a second later, so what was
    /// done after it may be done again. At most 64 KiB as JSON, never a secret.
    /// </param>
    public void Report(long done, long? total = null, string? unit = null, string? words = null, object? checkpoint = null) =>
        Progress?.Report(new() { Done = done, Total = total, Unit = unit, Words = words }, checkpoint);

    /// <summary>Where an earlier attempt in the same direction stopped; null when there is no checkpoint.</summary>
    public T? Checkpoint<T>()
        where T : class => Progress?.Checkpoint is { } stored ? JsonSerializer.Deserialize<T>(stored, Json.Options) : null;

    /// <summary>The same work for one placement of the tenant, as if it were the only one.</summary>
    internal StepContext On(TenantPlacement placement) =>
        new(Tenant with { Placed = placement, Tier = placement.Tier }, OperationId, Step, Attempt, Lease) { Inputs = Inputs, Progress = Progress };

    /// <summary>The same work for one of the tenants of an operation that belongs to none.</summary>
    internal StepContext For(Tenant one, StepInputs inputs) => new(one, OperationId, Step, Attempt, Lease) { Inputs = inputs, Progress = Progress };

    /// <summary>The command that the operation runs, as accepted. For steps with <see cref="IStep.NeedsInput"/>.</summary>
    public T Input<T>()
        where T : class =>
        (Inputs.Command ?? throw new InvalidOperationException($"Step '{Step}' reads the command without declaring it: {nameof(IStep.NeedsInput)} must be true.")).Deserialize<T>(Json.Options)!;

    /// <summary>The output of an earlier step of the operation. For steps listed in <see cref="IStep.Needs"/>.</summary>
    /// <param name="step">The step's name in <see cref="StepNames"/>, even if the operation's workflow uses an older name.</param>
    /// <exception cref="StepFailureException">There is no output: an operator skipped the step, or an earlier version stored none.</exception>
    public T Output<T>(string step)
        where T : class => FindOutput<T>(step) ?? throw StepFailureException.Permanent(
            "output-missing", $"Step '{Step}' needs the output of step '{step}', but there is none.", $"Retry the operation from step '{step}'.");

    /// <summary>The same for a step that does not require the output; null when there is none.</summary>
    public T? FindOutput<T>(string step)
        where T : class
    {
        if (!Inputs.Asked.Contains(step, StringComparer.Ordinal))
            throw new InvalidOperationException($"Step '{Step}' reads the output of '{step}' without declaring it: it must be in its {nameof(IStep.Needs)}.");
        return Inputs.Outputs.GetValueOrDefault(step) is { ValueKind: JsonValueKind.Object } output
            ? output.Deserialize<T>(Json.Options)
            : null;
    }
}
