using System.Text.Json;

namespace Saga.Contracts.Batches;

/// <summary>Prepares one command for many tenants. The tenants are chosen once, now; running it gives the command to exactly those.</summary>
public sealed record PrepareCommands
{
    /// <summary>The kind of the command, such as suspend: one that is about an existing tenant and may be scheduled.</summary>
    public required string Action { get; init; }

    /// <summary>The command's fields without the tenant, as a JSON object; null for none.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Which tenants. Or <see cref="Tenants"/>.</summary>
    public TenantSelector? Selector { get; init; }

    /// <summary>The tenants' ids or slugs, at most 10,000. Or <see cref="Selector"/>.</summary>
    public IReadOnlyList<string>? Tenants { get; init; }

    /// <inheritdoc cref="BatchWave"/>
    public BatchWave? Wave { get; init; }

    /// <inheritdoc cref="PrepareReplays.RatePerMinute"/>
    public int? RatePerMinute { get; init; }

    /// <inheritdoc cref="PrepareReplays.StopAtFailureRatio"/>
    public decimal? StopAtFailureRatio { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public required string Reason { get; init; }
}
