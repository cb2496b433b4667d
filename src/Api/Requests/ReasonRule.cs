using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Requests;

/// <summary>The rule for the reason that a person gives for an order. It is stored in the audit log and the history.</summary>
internal static class ReasonRule
{
    public const int MaxLength = ReasonText.MaxLength;

    /// <summary>Adds an error if the reason is missing or breaks the rule of every reason.</summary>
    /// <returns>The reason without blanks around it; null when there is none.</returns>
    public static string? Check(string? reason, bool required, List<FieldError> errors)
    {
        var text = ReasonText.Normalize(reason);
        if (text is null && (required || reason is not null))
            errors.Add(new("/reason", ReasonText.Rule));
        return text;
    }
}
