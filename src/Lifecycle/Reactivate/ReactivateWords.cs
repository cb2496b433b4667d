using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Holds;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Reactivate;

/// <summary>What lifting holds would do, in words, for every command that lifts some.</summary>
public static class ReactivateWords
{
    /// <param name="lifted">The holds that would be lifted.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="opens">Whether what they have closed would be opened.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Hold> lifted, Tenant tenant, bool opens)
    {
        if (lifted.Count == 0)
            return [];
        var holds = $"{(lifted.Count == 1 ? "the hold" : "the holds")} {Names(lifted)} {(lifted.Count == 1 ? "is" : "are")} lifted";
        if (opens)
        {
            return
            [
                "The tenant's place, logins, organisation and cache user are opened as they were, and verified while the tenant is still closed to everybody.",
                $"Then {holds}. If anything fails before, all of it is closed again.",
            ];
        }

        List<Hold> others = [.. tenant.Holds.Where(h => !lifted.Contains(h) && h.Effect != HoldEffect.NoGrowth)];
        return
        [
            char.ToUpperInvariant(holds[0]) + holds[1..] + ". Nothing outside is opened.",
            .. others.Count == 0 ? Array.Empty<string>() : [$"The tenant keeps {(others.Count == 1 ? "the hold" : "the holds")} {Names(others)}."],
        ];
    }

    private static string Names(IEnumerable<Hold> holds) => string.Join(", ", holds.Select(h => $"'{TenantGuard.Name(h.Code)}'"));
}
