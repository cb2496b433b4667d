using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Runtime;

/// <summary>Turns what a step returns into what is stored. Teams' steps and endpoints may return anything.</summary>
internal static class StepOutput
{
    public const int MaxLength = 64 * 1024;

    /// <exception cref="StepFailureException">It is no JSON that the registry could store.</exception>
    public static JsonElement? Of(object? output)
    {
        if (output is null)
            return null;
        var json = Serialize(output);
        if (json.GetRawText().Length > MaxLength)
            throw Invalid($"has more than {MaxLength / 1024} KiB");
        return IsStorable(json) ? json : throw Invalid("has a NUL character, half of a surrogate pair, or a number out of range");
    }

    private static JsonElement Serialize(object output)
    {
        try
        {
            return JsonSerializer.SerializeToElement(output, Json.Options);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw Invalid($"cannot be written as JSON: {error.Message}");
        }
    }

    private static StepFailureException Invalid(string fault) =>
        StepFailureException.Permanent("output-invalid", $"The step's output {fault}.", "Put right what the step returns, then start the operation again.");

    private static bool IsStorable(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => IsText(value.GetString),
        JsonValueKind.Array => value.EnumerateArray().All(IsStorable),
        JsonValueKind.Object => value.EnumerateObject().All(p => IsText(() => p.Name) && IsStorable(p.Value)),
        JsonValueKind.Number => value.TryGetDecimal(out _),
        _ => true,
    };

    private static bool IsText(Func<string?> read)
    {
        try
        {
            return read()?.Contains('\0', StringComparison.Ordinal) != true;
        }
        catch (InvalidOperationException)
        {
            // An escape is half of a surrogate pair.
            return false;
        }
    }
}
