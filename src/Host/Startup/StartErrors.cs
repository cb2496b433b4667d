using Microsoft.Extensions.Options;

namespace Saga.Host.Startup;

/// <summary>Tells errors that the user can mend from those that need a stack trace.</summary>
public static class StartErrors
{
    /// <returns>What to tell the user; nothing when the error is not of this kind.</returns>
    public static IReadOnlyList<string> Explain(Exception error) => error switch
    {
        StartException e => e.Messages,
        OptionsValidationException e => [.. e.Failures.Select(Words)],
        AggregateException e => All(e),
        // The configuration binder's: it names the key, the value and the type.
        InvalidOperationException e when e.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) => [e.Message],
        InvalidOperationException e when e.Message.StartsWith("Saga:", StringComparison.Ordinal) => [e.Message],
        InvalidDataException e when e.Message.StartsWith("Failed to load configuration", StringComparison.Ordinal) => [e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message],
        IOException e when e.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase) =>
            [$"{ModeRules.AddressKey}: {e.Message}"],
        _ => [],
    };

    // Data annotations wrap the words that name the key into words that name the class.
    private static string Words(string failure)
    {
        const string before = " with the error: '";
        const string after = "'.";
        var begin = failure.IndexOf(before, StringComparison.Ordinal);
        return failure.StartsWith("DataAnnotation validation failed", StringComparison.Ordinal) && begin > 0 && failure.EndsWith(after, StringComparison.Ordinal)
            ? failure[(begin + before.Length)..^after.Length]
            : failure;
    }

    private static string[] All(AggregateException error)
    {
        var told = error.InnerExceptions.Select(Explain).ToList();
        return told.TrueForAll(t => t.Count > 0) ? [.. told.SelectMany(t => t)] : [];
    }
}
