using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>A worker's step that changes what scans have found, or ends a quarantine.</summary>
internal abstract class DriftStep(IResourceRepair repair, DriftRepairer repairer) : IStep
{
    public abstract string Name { get; }

    public bool NeedsInput => true;

    public TimeSpan LingersFor => repair.LingersFor;

    protected IResourceRepair Repair => repair;

    protected DriftRepairer Repairer => repairer;

    public abstract Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken);

    public abstract Task CompensateAsync(StepContext context, CancellationToken cancellationToken);
}

/// <summary>A worker's step of a repair.</summary>
internal abstract class RepairStep(IResourceRepair repair, DriftRepairer repairer) : DriftStep(repair, repairer)
{
    public override async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await Repairer.RepairAsync(context, Repair, cancellationToken);

    /// <summary>What was quarantined is released. What was set right stays right.</summary>
    public override Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Repairer.UndoAsync(context, Repair, cancellationToken);
}

/// <summary>A worker's step of a release.</summary>
internal abstract class ReleaseStep(IResourceRepair repair, DriftRepairer repairer) : DriftStep(repair, repairer)
{
    public override async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await Repairer.ReleaseAsync(context, Repair, cancellationToken);

    /// <summary>It is in quarantine again.</summary>
    public override Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Repairer.UndoReleaseAsync(context, Repair, cancellationToken);
}

/// <summary>A worker's step of a removal from quarantine.</summary>
internal abstract class RemoveQuarantinedStep(IResourceRepair repair, DriftRepairer repairer) : DriftStep(repair, repairer)
{
    public override async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await Repairer.RemoveAsync(context, Repair, cancellationToken);

    /// <summary>What was not removed stays in quarantine.</summary>
    public override Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Repairer.UndoRemoveAsync(context, cancellationToken);
}
