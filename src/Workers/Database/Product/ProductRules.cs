using Saga.Workers.Database.Product.Text;

namespace Saga.Workers.Database.Product;

/// <summary>
/// Looks for statements that do not belong in a product's files. They are the platform's business, or would open one tenant's rows to
/// another. This finds mistakes, with file and line; it does not contain an author who means harm, whose code runs in any case.
/// </summary>
internal static class ProductRules
{
    public static IReadOnlyList<ProductFault> Check(ProductFiles product) =>
    [
        .. product.Migrations.All.SelectMany(m => OfMigration(ProductFiles.NameOf(m), m.Sql)),
        .. product.Seeds.Values.OrderBy(s => s.Path, StringComparer.Ordinal).SelectMany(OfSeed),
        .. product.Verifications.SelectMany(OfVerification),
    ];

    private static IEnumerable<ProductFault> OfMigration(string file, string sql)
    {
        foreach (var statement in SqlStatement.Read(sql))
        {
            foreach (var fault in ReferenceMarks.Faults(statement))
                yield return fault with { File = file };
            foreach (var fault in OfStatement(statement))
                yield return fault with { File = file };
        }
    }

    private static IEnumerable<ProductFault> OfSeed(ProductFile seed)
    {
        foreach (var statement in SqlStatement.Read(seed.Sql))
        {
            if (statement.WordAt(0) is not ("insert" or "update" or "delete" or "select" or "with"))
                yield return new ProductFault(seed.Path, statement.Line, "A seed may only insert, update, delete and select, as the tenant.");
            foreach (var fault in OfStatement(statement))
                yield return fault with { File = seed.Path };
        }
    }

    private static IEnumerable<ProductFault> OfVerification(ProductFile query)
    {
        var statements = SqlStatement.Read(query.Sql);
        if (statements.Count != 1 || statements[0].WordAt(0) is not ("select" or "with"))
            yield return new ProductFault(query.Path, statements.Count > 1 ? statements[1].Line : 1, "A verification must be one query that answers true.");
        foreach (var fault in statements.SelectMany(s => OfStatement(s)))
            yield return fault with { File = query.Path };
    }

    private static IEnumerable<ProductFault> OfStatement(SqlStatement statement, bool isBody = false)
    {
        foreach (var start in Starts(statement, isBody))
        {
            if (StatementRules.At(statement, start, isBody) is { } wrong)
                yield return Fault(statement.Tokens[start].Line, wrong);
        }

        foreach (var (at, wrong) in ClauseRules.Find(statement))
            yield return Fault(statement.Tokens[at].Line, wrong);
        foreach (var (at, wrong) in SchemaRules.Find(statement))
            yield return Fault(statement.Tokens[at].Line, wrong);
        for (var i = 0; i < statement.Tokens.Count; i++)
        {
            if (!IsCode(statement, i))
                continue;
            foreach (var fault in SqlStatement.Read(statement.Tokens[i].Text, statement.Tokens[i].Line).SelectMany(s => OfStatement(s, isBody: true)))
                yield return fault;
        }
    }

    // The body of a function or of DO, and a literal that is executed.
    private static bool IsCode(SqlStatement statement, int at) => statement.Tokens[at].Kind switch
    {
        SqlTokenKind.Body => true,
        SqlTokenKind.Literal => statement.WordAt(at - 1) is "execute" or "do" or "as"
            || (at > 1 && statement.Tokens[at - 1].IsSymbol('(') && statement.WordAt(at - 2) is "format" or "execute"),
        _ => false,
    };

    // In PL/pgSQL a statement may also begin inside a block.
    private static IEnumerable<int> Starts(SqlStatement statement, bool isBody) =>
        Enumerable.Range(0, statement.Tokens.Count).Where(i =>
            i == 0 || (isBody ? statement.WordAt(i - 1) is "begin" or "then" or "else" or "loop" : statement.HasAt(i - 2, "begin", "atomic")));

    private static ProductFault Fault(int line, string message) => new("", line, message);
}
