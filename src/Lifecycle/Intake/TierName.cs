using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Intake;

/// <summary>The isolation tiers' names in commands.</summary>
internal static class TierName
{
    public const string Rule = "must be row, schema or database";

    /// <summary>The tier; null when the text is not exactly one's name.</summary>
    // By name only, because Enum.Parse would also accept numbers and lists.
    public static IsolationTier? Parse(string text) =>
        text switch { "row" => IsolationTier.Row, "schema" => IsolationTier.Schema, "database" => IsolationTier.Database, _ => null };

    public static string Of(IsolationTier tier) => tier.ToString().ToLowerInvariant();

    public static string List(IEnumerable<IsolationTier> tiers) => string.Join(" or ", tiers.Select(Of));
}
