using MassTransit;

namespace Saga.Messaging.DeadLetters;

internal static class Cause
{
    /// <summary>Finds the error that made a message fail, for operators. MassTransit's wrapper says only that there was an error.</summary>
    public static string Of(Exception error)
    {
        while (error is MassTransitException && error.InnerException is { } inner)
            error = inner;
        return $"{error.GetType().Name}: {error.Message}";
    }
}
