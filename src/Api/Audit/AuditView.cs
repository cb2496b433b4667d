using System.Text.Json;
using Saga.Registry.Audit;

namespace Saga.Api.Audit;

/// <summary>A line of the audit log.</summary>
public sealed record AuditView
{
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>A token's subject; or bus, schedule:…, system; or anonymous or several for refused requests whose callers are not known or too many.</summary>
    public required string Actor { get; init; }

    /// <summary>What was done, such as tenant.suspend; request.refuse for refused requests.</summary>
    public required string Action { get; init; }

    /// <summary>allowed or refused.</summary>
    public required string Outcome { get; init; }

    /// <summary>From where: http with the address, bus, schedule, host or system. Absent in lines of earlier versions.</summary>
    public string? Origin { get; init; }

    public string? Reason { get; init; }

    public Guid? TenantId { get; init; }

    public Guid? OperationId { get; init; }

    /// <summary>How many refused requests the line stands for.</summary>
    public long? Occurrences { get; init; }

    /// <summary>What the action changed, as it was.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>What the action changed, as it became.</summary>
    public JsonElement? After { get; init; }

    public JsonElement? Detail { get; init; }

    /// <summary>The line's number in the chain; absent while it is not sealed.</summary>
    public long? Number { get; init; }

    /// <summary>The line's hash in the chain, in hexadecimal.</summary>
    public string? Hash { get; init; }

    internal static AuditView Of(ListedAudit line) => new()
    {
        Id = line.Entry.Id,
        At = line.Entry.At,
        Actor = line.Entry.Actor,
        Action = line.Entry.Action,
        Outcome = line.Outcome,
        Origin = line.Entry.Origin,
        Reason = line.Entry.Reason,
        TenantId = line.Entry.TenantId,
        OperationId = line.Entry.OperationId,
        Occurrences = line.Entry.Occurrences,
        Before = Json(line.Entry.Before),
        After = Json(line.Entry.After),
        Detail = Json(line.Entry.Detail),
        Number = line.Number,
        Hash = line.Hash is { } hash ? Convert.ToHexStringLower(hash) : null,
    };

    private static JsonElement? Json(string? text)
    {
        if (text is null)
            return null;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
