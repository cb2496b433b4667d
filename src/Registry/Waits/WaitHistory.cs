using Saga.Engine.Waits;

namespace Saga.Registry.Waits;

/// <summary>The data of a history line about an answer.</summary>
public sealed record WaitHistory
{
    public required WaitAnswerKind Answer { get; init; }

    public string? Signal { get; init; }

    public required string By { get; init; }

    public string? Reason { get; init; }

    public static WaitHistory Of(WaitRequest request) =>
        new() { Answer = request.Answer.Kind, Signal = request.Signal, By = request.Answer.By, Reason = request.Answer.Reason };
}
