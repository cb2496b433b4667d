using Saga.Registry.Admission;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;

namespace Saga.Tests.Support.EnginePort;

/// <summary>The stores that the engine needs, and those of the people who order it.</summary>
public interface IEnginePort
{
    ITransitionStore Transitions { get; }

    ILeaseStore Leases { get; }

    ILeaseCheck LeaseCheck { get; }

    IStepInputStore StepInputs { get; }

    IUnreadableOperationStore Unreadable { get; }

    IOutboxStore Outbox { get; }

    ISweepStore Sweep { get; }

    IDowntimeStore Downtime { get; }

    IAcceptanceStore Acceptances { get; }

    IScopeWaitStore ScopeWaits { get; }

    IAdmissionStore Admission { get; }

    IWaitStore Waits { get; }

    IBatchRuns BatchRuns { get; }

    IOperatorPort Operators { get; }
}

/// <summary>The stores of another port, of which some may be replaced.</summary>
public abstract class EnginePortOf(IEnginePort port) : IEnginePort
{
    public virtual ITransitionStore Transitions => port.Transitions;

    public ILeaseStore Leases => port.Leases;

    public ILeaseCheck LeaseCheck => port.LeaseCheck;

    public IStepInputStore StepInputs => port.StepInputs;

    public IUnreadableOperationStore Unreadable => port.Unreadable;

    public IOutboxStore Outbox => port.Outbox;

    public ISweepStore Sweep => port.Sweep;

    public IDowntimeStore Downtime => port.Downtime;

    public virtual IAcceptanceStore Acceptances => port.Acceptances;

    public virtual IScopeWaitStore ScopeWaits => port.ScopeWaits;

    public IAdmissionStore Admission => port.Admission;

    public IWaitStore Waits => port.Waits;

    public IBatchRuns BatchRuns => port.BatchRuns;

    public virtual IOperatorPort Operators => port.Operators;
}
