using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>A worker's step of a repair.</summary>
internal abstract class RepairStep(IResourceRepair repair, DriftRepairer repairer) : IStep
{
    public abstract string Name { get; }

    public bool NeedsInput => true;

    public TimeSpan LingersFor => repair.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await repairer.RepairAsync(context, repair, cancellationToken);

    /// <summary>What was quarantined is released. What was set right stays right.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => repairer.UndoAsync(context, repair, cancellationToken);
}

/// <summary>A worker's step of a release.</summary>
internal abstract class ReleaseStep(IResourceRepair repair, DriftRepairer repairer) : IStep
{
    public abstract string Name { get; }

    public bool NeedsInput => true;

    public TimeSpan LingersFor => repair.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await repairer.ReleaseAsync(context, repair, cancellationToken);

    /// <summary>It is in quarantine again.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => repairer.UndoReleaseAsync(context, repair, cancellationToken);
}

/// <summary>A worker's step of a removal from quarantine.</summary>
internal abstract class RemoveQuarantinedStep(IResourceRepair repair, DriftRepairer repairer) : IStep
{
    public abstract string Name { get; }

    public bool NeedsInput => true;

    public TimeSpan LingersFor => repair.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await repairer.RemoveAsync(context, repair, cancellationToken);

    /// <summary>What was not removed stays in quarantine.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => repairer.UndoRemoveAsync(context, cancellationToken);
}
