using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Workers.Database.Product;

/// <summary>What exports have of the product's tables: the file <c>export.json</c> at the top of the product's folder, and what holds without it.</summary>
internal sealed record ProductExport
{
    public const string File = "export.json";

    /// <summary>Leaves a table out.</summary>
    public const string None = "none";

    private const string User = "{userId}";

    private static readonly string[] Types = ["users", "documents", "settings", "audit_logs", None];

    // In the order in which they are looked for.
    private static readonly string[] UsualUserColumns = ["user_id", "owner_id", "author_id"];

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, RespectNullableAnnotations = true,
    };

    public IReadOnlyDictionary<string, ExportedTable> Tables { get; init; } = new Dictionary<string, ExportedTable>(StringComparer.Ordinal);

    /// <summary>How the keys of one user's objects begin, with <c>{userId}</c> for the user's id.</summary>
    public string UserObjects { get; init; } = $"users/{User}/";

    /// <summary>The data type that a table belongs to.</summary>
    public string TypeOf(string table) => Tables.GetValueOrDefault(table)?.DataType ?? table switch
    {
        "users" => "users",
        "settings" or ProductTables.Tenants => "settings",
        "audit_log" or "audit_logs" => "audit_logs",
        _ => "documents",
    };

    /// <summary>The column with the id of the user whom a row concerns; null when no row of the table concerns one user.</summary>
    public string? UserColumnOf(string table, IReadOnlyCollection<string> columns) => Tables.GetValueOrDefault(table)?.UserColumn
        ?? UsualUserColumns.FirstOrDefault(c => columns.Contains(c, StringComparer.Ordinal))
        ?? (TypeOf(table) == "users" && columns.Contains("id", StringComparer.Ordinal) ? "id" : null);

    /// <summary>How the keys of the user's objects begin.</summary>
    public string ObjectsOf(string user) => UserObjects.Replace(User, user, StringComparison.Ordinal);

    public static ProductExport Read(string text, List<ProductFault> faults)
    {
        ProductExport? read = null;
        try
        {
            read = JsonSerializer.Deserialize<ProductExport>(text, Strict);
        }
        catch (JsonException e)
        {
            faults.Add(new ProductFault(File, (int)(e.LineNumber ?? -1) + 1, $"The file must be like the example in docs/product.md: {e.Message}"));
            return new();
        }

        if (read is null)
            faults.Add(new ProductFault(File, 0, "The file must have an object."));
        foreach (var (table, exported) in read?.Tables ?? new Dictionary<string, ExportedTable>(StringComparer.Ordinal))
        {
            if (exported?.DataType is { } type && !Types.Contains(type, StringComparer.Ordinal))
                faults.Add(new ProductFault(File, 0, $"The dataType of {table} must be one of {string.Join(", ", Types)}."));
        }

        if (read is not null && (!read.UserObjects.EndsWith('/') || !read.UserObjects.Contains(User, StringComparison.Ordinal)))
            faults.Add(new ProductFault(File, 0, $"userObjects must have {User} and end in '/', so that it begins the keys of one user's objects and of no other's."));
        return read ?? new();
    }
}
