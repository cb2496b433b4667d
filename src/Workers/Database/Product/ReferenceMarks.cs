using Saga.Workers.Database.Product.Text;

namespace Saga.Workers.Database.Product;

/// <summary>Reads the comment <c>-- saga: reference</c> before a table: it has no tenants' rows, and tenants only read it.</summary>
internal static class ReferenceMarks
{
    private const string Reference = "reference";

    /// <summary>The names that the statements mark.</summary>
    public static IEnumerable<string> Names(IEnumerable<SqlStatement> statements) =>
        statements.Where(s => s.Marks.Any(m => m.Text == Reference)).Select(Table).OfType<string>();

    public static IEnumerable<ProductFault> Faults(SqlStatement statement)
    {
        foreach (var mark in statement.Marks)
        {
            if (mark.Text != Reference)
                yield return new ProductFault("", mark.Line, $"'-- saga: {mark.Text}' is not known; '-- saga: {Reference}' is.");
            else if (Table(statement) is null)
                yield return new ProductFault("", mark.Line, $"'-- saga: {Reference}' must stand directly before CREATE TABLE, or before ALTER TABLE … RENAME TO.");
        }
    }

    /// <summary>The table that the statement creates, or the name that it gives to one; null when it does neither.</summary>
    public static string? Table(SqlStatement statement)
    {
        if (statement.HasAt(0, "alter", "table"))
            return statement.Find("rename", "to") is var to and >= 0 && to + 2 < statement.Tokens.Count ? statement.Tokens[to + 2].Text : null;
        if (statement.WordAt(0) != "create" || statement.Find("table") is not (var table and (1 or 2)))
            return null;
        var at = statement.HasAt(table + 1, "if", "not", "exists") ? table + 4 : table + 1;
        return at < statement.Tokens.Count && statement.Tokens[at].IsName ? statement.Tokens[at].Text : null;
    }
}
