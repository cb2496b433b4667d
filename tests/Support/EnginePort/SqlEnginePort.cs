using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Engine;
using Saga.Registry;
using Saga.Registry.Admission;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;

namespace Saga.Tests.Support.EnginePort;

/// <summary>The product's stores on PostgreSQL.</summary>
public sealed class SqlEnginePort(NpgsqlDataSource registry, RegistryClock clock, int lockMilliseconds) : IEnginePort
{
    private readonly RegistryNotifier notifier = new(registry, NullLogger<RegistryNotifier>.Instance);

    public ITransitionStore Transitions => new SqlTransitionStore(registry, clock, lockMilliseconds: lockMilliseconds);

    public ILeaseStore Leases => new SqlLeaseStore(registry, clock);

    public ILeaseCheck LeaseCheck => new LeasedTransactions(registry, clock);

    public IStepInputStore StepInputs => new StepInputStore(registry);

    public IUnreadableOperationStore Unreadable => new UnreadableOperationStore(registry, clock);

    public IOutboxStore Outbox => new SqlOutboxStore(registry, clock);

    public ISweepStore Sweep => new SqlSweepStore(registry, clock);

    public IDowntimeStore Downtime => new SqlDowntimeStore(registry, clock);

    public IAcceptanceStore Acceptances => new CommandLedger(registry, notifier, clock);

    public IScopeWaitStore ScopeWaits => new SqlScopeWaitStore(registry, notifier, clock);

    public IAdmissionStore Admission => new SqlAdmissionStore(registry, clock);

    public IWaitStore Waits => new SqlWaitStore(registry, clock, EngineLevel.Current);

    public IBatchRuns BatchRuns => new BatchRuns(registry, clock);

    public IOperatorPort Operators => new SqlOperatorPort(registry, clock, notifier, Acceptances);
}
