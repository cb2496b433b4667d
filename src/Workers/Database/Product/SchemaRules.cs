using Saga.Workers.Database.Product.Text;

namespace Saga.Workers.Database.Product;

/// <summary>Finds names with a schema. The files run in schemas of different names, so they may name none but PostgreSQL's own and <c>saga.current_tenant</c>.</summary>
internal static class SchemaRules
{
    /// <returns>The index of a token, and what is wrong there.</returns>
    public static IEnumerable<(int At, string Wrong)> Find(SqlStatement statement)
    {
        for (var i = 0; i + 2 < statement.Tokens.Count; i++)
        {
            if (!statement.Tokens[i].IsName || !statement.Tokens[i + 1].IsSymbol('.') || (i > 0 && statement.Tokens[i - 1].IsSymbol('.')))
                continue;
            var (schema, name) = (statement.Tokens[i].Text, statement.Tokens[i + 2].Text);
            if (schema is "pg_catalog" or "information_schema" or "new" or "old" or "excluded" || (schema == "saga" && name == "current_tenant"))
                continue;
            if (schema == "saga")
                yield return (i, "Of the platform's schema saga, the files may use saga.current_tenant() only.");
            else if (schema is "public" or "product" or "pg_temp" or "pg_toast" || NamesRelation(statement, i) || IsCall(statement, i))
                yield return (i, $"'{schema}.{name}' names a schema. Leave it out: the files run in each tenant's schema, whose name differs, and reach no other.");
        }
    }

    private static bool IsCall(SqlStatement statement, int at) => at + 3 < statement.Tokens.Count && statement.Tokens[at + 3].IsSymbol('(')
        && !NamesRelation(statement, at) && statement.WordAt(at - 1) != "as";

    private static bool NamesRelation(SqlStatement statement, int at) => statement.WordAt(at - 1) switch
    {
        "table" or "references" or "into" or "join" or "exists" or "only" or "view" or "function" or "procedure" or "sequence" or "domain" or "call" or "truncate" => true,
        "update" => at == 1 || statement.WordAt(at - 2) != "do",
        "on" => statement.WordAt(0) == "create" && (statement.Find("index") is 1 or 2 || statement.Find("trigger") is >= 1 and <= 4),
        // EXTRACT(year FROM a.b), IS DISTINCT FROM a.b and the like name columns.
        "from" => statement.WordAt(at - 2) != "distinct" && !IsInsideCall(statement, at),
        _ => false,
    };

    private static bool IsInsideCall(SqlStatement statement, int at)
    {
        var depth = 0;
        for (var i = at - 1; i > 0; i--)
        {
            if (statement.Tokens[i].IsSymbol(')'))
                depth++;
            else if (statement.Tokens[i].IsSymbol('(') && depth-- == 0)
                return statement.WordAt(i - 1) is "extract" or "substring" or "trim" or "overlay" or "position";
        }

        return false;
    }
}
