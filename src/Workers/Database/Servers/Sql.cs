namespace Saga.Workers.Database.Servers;

/// <summary>Quoting for statements that take no parameters.</summary>
internal static class Sql
{
    public static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Text(string literal) => $"'{literal.Replace("'", "''", StringComparison.Ordinal)}'";
}
