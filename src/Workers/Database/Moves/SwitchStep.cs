using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>The pivot of a move: routes the tenant to its new place.</summary>
internal sealed class SwitchStep(PlaceSwitch routing) : IStep
{
    public string Name => StepNames.Switch;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => routing.RunAsync(context, StepNames.ReserveMove, cancellationToken);

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => routing.UndoAsync(context, StepNames.ReserveMove, cancellationToken);
}
