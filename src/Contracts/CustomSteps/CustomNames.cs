using System.Text.RegularExpressions;

namespace Saga.Contracts.CustomSteps;

/// <summary>The names of custom steps, of the workers that run them, and of signing secrets. The product's own names never have these forms.</summary>
public static partial class CustomNames
{
    public const string StepRule = "must have at least three parts of a-z, 0-9 and inner hyphens, such as acme.account.open; at most 100 characters";

    public const string WorkerRule = "must be words of a-z and 0-9 joined by hyphens, such as acme-accounts, and must not end in -undo; at most 60 characters";

    public const string SecretRule = "must be a-z, 0-9 and inner hyphens, such as acme; at most 60 characters";

    public const string SignalRule = "must be a letter, then up to 62 letters, digits, full stops and hyphens, such as contract-signed";

    public static bool IsStep(string? name) => name is { Length: <= 100 } && Step().IsMatch(name);

    /// <summary>A worker's name is part of its queues' names. The queue of its compensations ends in <c>-undo</c>.</summary>
    public static bool IsWorker(string? name) => name is { Length: <= 60 } && Worker().IsMatch(name) && !name.EndsWith("-undo", StringComparison.Ordinal);

    public static bool IsSecret(string? name) => name is { Length: <= 60 } && Secret().IsMatch(name);

    public static bool IsSignal(string? name) =>
        name is { Length: > 0 and <= 63 } && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-');

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*){2,}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Step();

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(-[a-z0-9]+)+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Worker();

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Secret();
}
