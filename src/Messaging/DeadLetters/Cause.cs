using MassTransit;

namespace Saga.Messaging.DeadLetters;

internal static class Cause
{
    /// <summary>Why a message failed, for an operator. What MassTransit wraps around an error says only that there was one.</summary>
    public static string Of(Exception error)
    {
        while (error is MassTransitException && error.InnerException is { } inner)
            error = inner;
        return $"{error.GetType().Name}: {error.Message}";
    }
}
