using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Requests;

/// <summary>The rule for the reason that a person gives for an order. It is stored in the audit log and the history.</summary>
internal static class ReasonRule
{
    public const int MaxLength = 500;

    /// <summary>Adds an error unless the reason is one line of text.</summary>
    /// <returns>The reason without blanks around it.</returns>
    public static string? Check(string? reason, bool required, List<FieldError> errors)
    {
        var text = reason?.Trim();
        if (text is null ? required : text.Length is 0 or > MaxLength || !StorableText.IsOneLine(text))
            errors.Add(new("/reason", $"must be one line of 1 to {MaxLength} characters"));
        return text;
    }
}
