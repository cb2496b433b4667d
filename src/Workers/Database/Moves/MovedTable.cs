using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Moves;

/// <summary>A product's table with rows of tenants.</summary>
/// <param name="Name">The table's name, not quoted.</param>
/// <param name="Key">The columns of its primary key, in order.</param>
/// <param name="Columns">The columns that are copied: all but generated ones.</param>
internal sealed record MovedTable(string Name, IReadOnlyList<string> Key, IReadOnlyList<MovedColumn> Columns)
{
    /// <summary>Whether the table has no column <c>tenant_id</c>: all its rows are the tenant's, whose id stands for the column.</summary>
    public bool LacksTenant { get; init; }

    /// <summary>The column in a SELECT.</summary>
    public string Read(MovedColumn column, Guid tenant) => LacksTenant && column.Name == "tenant_id" ? $"{Sql.Text(tenant.ToString())}::uuid" : Sql.Name(column.Name);

    /// <summary>The WHERE clause for the tenant's rows.</summary>
    public string Rows(Guid tenant) => LacksTenant ? "" : $" where tenant_id = {Sql.Text(tenant.ToString())}";

    /// <summary>The ORDER BY clause for the order of the key.</summary>
    public string Order
    {
        get
        {
            var key = Key.Where(c => !LacksTenant || c != "tenant_id").Select(Sql.Name).ToList();
            return key.Count == 0 ? "" : $" order by {string.Join(", ", key)}";
        }
    }

    /// <summary>Whether rows can travel in PostgreSQL's binary format, which names the types of array elements and of composite values by numbers of one database.</summary>
    public bool IsBinary => Columns.All(c => c.IsBinary);
}

/// <param name="Name">The column's name, not quoted.</param>
/// <param name="Type">Its type as SQL, with modifiers, without the schema of the table.</param>
/// <param name="HashesAlike">Whether equal values of the type have equal hashes on every server of one version.</param>
/// <param name="IsBinary">Whether the binary format of the type's values is the same in every database.</param>
internal sealed record MovedColumn(string Name, string Type, bool HashesAlike, bool IsBinary);
