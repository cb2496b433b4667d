namespace Saga.Registry.Schema;

/// <summary>Rights of a program to one table of the registry.</summary>
/// <param name="Table">The table.</param>
/// <param name="Rights">Of <c>select</c>, <c>insert</c>, <c>update</c> and <c>delete</c>, for the whole table.</param>
/// <param name="Updates">
/// The columns that it may update, if <paramref name="Rights"/> do not include <c>update</c>. One is needed to lock rows.
/// </param>
/// <param name="Reads">The columns that it may read, if <paramref name="Rights"/> do not include <c>select</c>.</param>
/// <param name="Inserts">The columns that it may set in new rows, if <paramref name="Rights"/> do not include <c>insert</c>.</param>
internal sealed record TableGrant(string Table, string Rights, string Updates = "", string Reads = "", string Inserts = "")
{
    /// <summary>Each right by itself, with its column or null.</summary>
    public IEnumerable<(string Right, string? Column)> Each() =>
    [
        .. Split(Rights).Select(r => (r, (string?)null)),
        .. Split(Updates).Select(c => ("update", (string?)c)),
        .. Split(Reads).Select(c => ("select", (string?)c)),
        .. Split(Inserts).Select(c => ("insert", (string?)c)),
    ];

    /// <param name="role">The quoted role.</param>
    public string Statement(string role) => string.Concat(
        Rights.Length == 0 ? "" : $"grant {Rights} on {Table} to {role};\n",
        Updates.Length == 0 ? "" : $"grant update ({Updates}) on {Table} to {role};\n",
        Reads.Length == 0 ? "" : $"grant select ({Reads}) on {Table} to {role};\n",
        Inserts.Length == 0 ? "" : $"grant insert ({Inserts}) on {Table} to {role};\n");

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
