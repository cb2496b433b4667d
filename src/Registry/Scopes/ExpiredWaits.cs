using Saga.Contracts.Events;
using Saga.Contracts.Steps;

namespace Saga.Registry.Scopes;

/// <summary>The messages about an operation whose time to wait for its scopes is over.</summary>
public static class ExpiredWaits
{
    /// <summary>The code of the refusal. It is public.</summary>
    public const string Code = "scope-wait-expired";

    /// <summary>When the order that ends a refused operation is sent again, because the broker may have lost it. A second one changes nothing.</summary>
    public static readonly TimeSpan OrderAgain = TimeSpan.FromMinutes(1);

    /// <summary>Who ends such an operation, as in the audit log.</summary>
    public const string Actor = "system";

    public static string Words(IEnumerable<string> scopes) =>
        $"The scope {string.Join(", ", scopes.Select(s => $"'{s}'"))} did not become free in time, so nothing was done. Send the command again, or let it wait longer.";

    public static CancellationRequested Ending(Guid operation, string words) => new() { OperationId = operation, Actor = Actor, Reason = words, Code = Code };

    public static CommandRefused Refusal(Guid operation, string kind, string caller, string words, DateTimeOffset now) =>
        new() { Kind = kind, Code = Code, Detail = words, Caller = caller, OperationId = operation, OccurredAt = now };
}
