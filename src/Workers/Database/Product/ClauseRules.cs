using Saga.Workers.Database.Product.Text;

namespace Saga.Workers.Database.Product;

/// <summary>Clauses that a statement of a product's files may not have, wherever they stand in it.</summary>
internal static class ClauseRules
{
    private static readonly (string[] Words, string Wrong)[] Forbidden =
    [
        (["disable", "row", "level"], "Row-level security is the platform's; without it tenants see one another's rows."),
        (["no", "force", "row", "level"], "Row-level security is the platform's; without it tenants see one another's rows."),
        (["set", "statistics"], "Planner statistics are the platform's: those of a shared table answer questions about other tenants' values."),
        (["index", "concurrently"], "This cannot run in a transaction, and the platform applies all new files in one."),
        (["owner", "to"], "The platform owns the tables; their owner is another one in each tier."),
        (["to", "public"], "PUBLIC is every tenant of the server."),
    ];

    /// <returns>The index of a token, and what is wrong there.</returns>
    public static IEnumerable<(int At, string Wrong)> Find(SqlStatement statement)
    {
        foreach (var (words, wrong) in Forbidden)
        {
            // A policy names the roles that it is for.
            if (words[0] == "to" && statement.WordAt(1) == "policy")
                continue;
            if (statement.Find(words) is var at and >= 0 && !(words[0] == "to" && statement.WordAt(0) == "grant"))
                yield return (at, wrong);
        }

        if (statement.Find("security", "definer") is var definer and >= 0 && statement.Find("set", "search_path") < 0)
            yield return (definer, "SECURITY DEFINER needs SET search_path, such as SET search_path FROM CURRENT. Otherwise the caller chooses what the names in it mean.");
        for (var i = 0; i < statement.Tokens.Count; i++)
        {
            if (i + 1 < statement.Tokens.Count && statement.Tokens[i + 1].IsSymbol('(') && Closed(statement.WordAt(i)) is { } wrong)
                yield return (i, wrong);
        }
    }

    private static string? Closed(string function) =>
        function.StartsWith("pg_advisory_", StringComparison.Ordinal) || function.StartsWith("pg_try_advisory_", StringComparison.Ordinal)
            ? "Advisory locks are the platform's; tenants may not call their functions."
            : function.StartsWith("lo_", StringComparison.Ordinal) || function is "loread" or "lowrite"
                ? "Large objects follow no policy; tenants may not call their functions. Use a column of type bytea."
                : null;
}
