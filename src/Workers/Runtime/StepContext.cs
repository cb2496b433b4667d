using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>What a step works on, and the lease under which it may.</summary>
public sealed class StepContext(Tenant? tenant, Guid operationId, string step, int attempt, StepLease lease)
{
    /// <summary>The tenant as the registry had it when this attempt began.</summary>
    /// <exception cref="InvalidOperationException">The operation works on no single tenant.</exception>
    public Tenant Tenant => tenant ?? throw new InvalidOperationException($"Operation {OperationId} works on no single tenant, and its step '{Step}' asked for one.");

    public bool HasTenant => tenant is not null;

    public TenantId TenantId => Tenant.Id;

    public Guid OperationId { get; } = operationId;

    public string Step { get; } = step;

    /// <summary>From 1.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>What the registry holds for the step.</summary>
    public StepInputs Inputs { get; private init; } = StepInputs.None;

    /// <summary>Pass it to what writes to the registry, so that the write and the right to write are one statement.</summary>
    public StepLease Lease { get; } = lease;

    public StepContext With(StepInputs inputs) => new(tenant, OperationId, Step, Attempt, Lease) { Inputs = inputs };

    /// <summary>The command that the operation runs, as it was accepted. For steps with <see cref="IStep.NeedsInput"/>.</summary>
    public T Input<T>()
        where T : class =>
        (Inputs.Command ?? throw new InvalidOperationException($"Step '{Step}' reads the command without saying so: {nameof(IStep.NeedsInput)} must be true.")).Deserialize<T>(Json.Options)!;

    /// <summary>What an earlier step of the operation returned. For steps that <see cref="IStep.Needs"/> names.</summary>
    /// <param name="step">Its name in <see cref="StepNames"/>, whatever the operation's workflow calls it.</param>
    /// <exception cref="StepFailureException">There is none: an operator let the step be skipped, or an earlier version left nothing.</exception>
    public T Output<T>(string step)
        where T : class => FindOutput<T>(step) ?? throw StepFailureException.Permanent(
            "output-missing", $"Step '{Step}' needs the output of step '{step}', and there is none.", $"Retry the operation from step '{step}'.");

    /// <summary>The same for a step that can do without; null when there is none.</summary>
    public T? FindOutput<T>(string step)
        where T : class
    {
        if (!Inputs.Asked.Contains(step, StringComparer.Ordinal))
            throw new InvalidOperationException($"Step '{Step}' reads the output of '{step}' without saying so: it must be among its {nameof(IStep.Needs)}.");
        return Inputs.Outputs.GetValueOrDefault(step) is { ValueKind: JsonValueKind.Object } output
            ? output.Deserialize<T>(Json.Options)
            : null;
    }
}
