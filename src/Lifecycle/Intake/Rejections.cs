using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Registry.Intake;

namespace Saga.Lifecycle.Intake;

/// <summary>Records every refused command in the same way for every door: log, metric, audit and event. Thread-safe.</summary>
public sealed partial class Rejections(RejectionStore store, TimeProvider time, ILogger<Rejections> log)
{
    /// <summary>The name of the meter. Names are public.</summary>
    public const string MeterName = "Saga.Lifecycle";

    /// <summary>Counts rejections by <c>saga.kind</c>, <c>saga.code</c> and <c>saga.door</c> (token or bus).</summary>
    public const string RejectedName = "saga.commands.refused";

    private const int MaxErrors = 20;
    private const int MaxLength = 200;
    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Rejected = Meter.CreateCounter<long>(RejectedName, "{command}", "Commands that were refused.");

    public async Task RecordAsync(string kind, Caller caller, OperationRejected rejection, Guid? messageId, CancellationToken cancellationToken)
    {
        var door = caller.Kind.ToString().ToLowerInvariant();
        Rejected.Add(1, new("saga.kind", kind), new("saga.code", rejection.Code), new("saga.door", door));
        LogRejected(kind, door, rejection.Code, string.Join(' ', rejection.Errors.Take(MaxErrors).Select(e => Short(e.Pointer))));
        await store.WriteAsync(
            new CommandRefused
            {
                Kind = kind,
                Code = rejection.Code,
                Detail = rejection.Detail,
                // The sender chooses the names of unknown fields, so they are bounded.
                Errors = [.. rejection.Errors.Take(MaxErrors).Select(e => new FieldError(Short(e.Pointer), Short(e.Detail)))],
                Caller = caller.ToString(),
                MessageId = messageId,
                OccurredAt = time.GetUtcNow(),
            },
            // The Api counts what it refuses, with all other refused requests: one line for many, because a caller may send any number.
            isAudited: caller.Kind != CallerKind.Token, cancellationToken);
    }

    // Half of a surrogate pair cannot be stored.
    private static string Short(string text)
    {
        var end = Math.Min(text.Length, MaxLength);
        if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            end--;
        return text[..end];
    }

    [LoggerMessage(EventId = 2425, Level = LogLevel.Information, Message = "A command of kind {Kind} over {Door} was refused: {Code} {Fields}")]
    private partial void LogRejected(string kind, string door, string code, string fields);
}
