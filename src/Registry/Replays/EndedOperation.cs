using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Replays;

/// <summary>An operation that was compensated or cancelled.</summary>
/// <param name="Id">The operation.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="TenantId">Null when it does not concern a single tenant.</param>
/// <param name="Command">The command as it was accepted. What only workers may see is in a box.</param>
/// <param name="Version">The operation's version.</param>
public sealed record EndedOperation(Guid Id, string Kind, TenantId? TenantId, JsonElement Command, long Version)
{
    /// <summary>The replay of it that is open or has completed; null when there is none.</summary>
    public Guid? Replay { get; init; }
}
