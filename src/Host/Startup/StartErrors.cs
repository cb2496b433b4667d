using Saga.Hosting.Startup;

namespace Saga.Host.Startup;

/// <summary>Distinguishes errors that the user can fix from those that need a stack trace.</summary>
public static class StartErrors
{
    /// <returns>Messages for the user; none when the error is not of this kind.</returns>
    public static IReadOnlyList<string> Explain(Exception error) => error switch
    {
        StartException e => e.Messages,
        AggregateException e => All(e),
        IOException e when e.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase) =>
            [$"{ModeRules.AddressKey}: {e.Message}"],
        _ => WrongConfiguration.Errors(error),
    };

    private static string[] All(AggregateException error)
    {
        var told = error.InnerExceptions.Select(Explain).ToList();
        return told.TrueForAll(t => t.Count > 0) ? [.. told.SelectMany(t => t)] : [];
    }
}
