using Saga.Api.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Operations;

/// <summary>The response to the dry run of a cancellation.</summary>
public sealed record CancelPlanView
{
    /// <summary>The steps that would be undone, because they may have taken effect.</summary>
    public required IReadOnlyList<string> Undoes { get; init; }

    /// <summary>Why it would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static CancelPlanView Of(CommandPreview plan) => new() { Undoes = plan.Input as IReadOnlyList<string> ?? [], Refusal = RefusalView.Of(plan.Rejection) };
}
