using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>The pivot of a revert: routes the tenant to its former place again.</summary>
internal sealed class SwitchBackStep(PlaceSwitch routing) : IStep
{
    public string Name => StepNames.SwitchBack;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => routing.RunAsync(context, StepNames.BeginRevert, cancellationToken);

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => routing.UndoAsync(context, StepNames.BeginRevert, cancellationToken);
}
