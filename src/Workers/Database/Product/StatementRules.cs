using Saga.Workers.Database.Product.Text;

namespace Saga.Workers.Database.Product;

/// <summary>Statements that a product's files may not contain, by the words that they begin with.</summary>
internal static class StatementRules
{
    private const string Transaction = "Transactions are the platform's: it applies all new files in one.";
    private const string Roles = "Roles are the platform's: it creates each tenant's, and changes to them would reach beyond this product.";
    private const string Grants = "Grants are the platform's: it grants each tenant reading and writing its own rows, and reading reference tables.";
    private const string Schemas = "Schemas are the platform's: the files run in each tenant's schema, whose name differs.";
    private const string Server = "This concerns the whole server or database, which tenants share.";

    /// <returns>What is wrong with the statement that begins at the index; null when nothing is.</returns>
    public static string? At(SqlStatement statement, int at, bool isBody)
    {
        var (first, second) = (statement.WordAt(at), statement.WordAt(at + 1));
        return first switch
        {
            "" when statement.Tokens[at].IsSymbol('\\') => "Commands of psql are not SQL.",
            "commit" or "rollback" or "savepoint" or "abort" => Transaction,
            "begin" or "end" or "start" or "release" when !isBody => Transaction,
            "prepare" when second == "transaction" => Transaction,
            "grant" => Grants,
            "reassign" => Roles,
            "create" or "alter" or "drop" => OfObject(first, Kind(statement, at + 1)),
            "set" => OfSet(second is "local" or "session" ? statement.WordAt(at + 2) : second),
            "reset" => "Settings of the session are the platform's.",
            "copy" => "Insert rows with INSERT: COPY reads files of the server or of a client.",
            "vacuum" or "cluster" or "reindex" or "checkpoint" or "load" or "discard" => Server,
            "listen" or "unlisten" or "notify" => "Channels of NOTIFY are shared by all tenants of a database.",
            "import" or "security" => Server,
            _ => null,
        };
    }

    private static string? OfObject(string verb, string kind) => kind switch
    {
        "role" or "user" or "group" or "owned" => Roles,
        "system" => "ALTER SYSTEM changes the server for everybody.",
        "extension" => "Extensions belong to a whole database and need rights that the product does not have. Ask who runs the servers.",
        "database" or "tablespace" or "server" or "foreign" or "publication" or "subscription" or "language" or "event" => Server,
        "schema" => Schemas,
        "default" => Grants,
        "statistics" when verb != "drop" => "Extended statistics tell the planner, and through EXPLAIN every tenant of a shared table, about others' values.",
        "materialized" when verb != "drop" => "Row-level security does not apply to materialized views. Use a table or a view.",
        _ => null,
    };

    private static string? OfSet(string setting) => setting switch
    {
        "role" or "session_authorization" or "authorization" => Roles,
        "transaction" or "characteristics" => Transaction,
        "search_path" or "schema" => Schemas,
        "session_replication_role" or "row_security" => "This would switch off foreign keys, triggers or row-level security.",
        _ => null,
    };

    // What is created or changed, without words that stand before it.
    private static string Kind(SqlStatement statement, int at)
    {
        while (statement.WordAt(at) is "or" or "replace" or "trusted" or "global" or "local")
            at++;
        return statement.WordAt(at);
    }
}
