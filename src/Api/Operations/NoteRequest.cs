using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Operations;

/// <summary>A note on an operation.</summary>
public sealed record NoteRequest
{
    [Required, StringLength(NoteEndpoints.MaxLength, MinimumLength = 1), Description("For people, on one line; shown in the operation's history and in the audit log. Never a secret.")]
    public required string Text { get; init; }
}
