using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Database.Migrations;

/// <summary>One version of the product's tables.</summary>
/// <param name="Version">Starts at 1, without gaps.</param>
internal sealed record ProductMigration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the text with LF line ends, in lower-case hexadecimal.</summary>
    public string Checksum { get; } = Hash(Sql);

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>The versions of the product's tables, in order.</summary>
internal sealed class ProductMigrations(IReadOnlyList<ProductMigration> all)
{
    public IReadOnlyList<ProductMigration> All { get; } = all;

    public int Newest => All[^1].Version;

    /// <summary>Identifies the resulting state of the tables; templates of different states have different names.</summary>
    public string Checksum { get; } = ProductMigration.Hash(string.Join('\n', all.Select(m => m.Checksum)));

    /// <summary>The versions up to one of them; all of them when null, or when that one is not known here.</summary>
    public ProductMigrations UpTo(int? version) => version < Newest ? new([.. All.Where(m => m.Version <= version)]) : this;

    public static ProductMigrations Embedded() => Embedded(".Database.Product.Sample.");

    /// <param name="folder">The folder's part of the resources' names, such as <c>.Database.Product.Sample.</c>.</param>
    public static ProductMigrations Embedded(string folder)
    {
        var assembly = typeof(ProductMigrations).Assembly;
        var all = assembly.GetManifestResourceNames()
            .Where(n => n.Contains(folder, StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(resource =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var name = resource.Split('.')[^2];
                return new ProductMigration(
                    int.Parse(name.AsSpan(0, name.IndexOf('_', StringComparison.Ordinal)), CultureInfo.InvariantCulture),
                    name, reader.ReadToEnd().ReplaceLineEndings("\n"));
            })
            .ToList();
        if (all.Count == 0 || all.Where((m, i) => m.Version != i + 1).Any())
            throw new InvalidOperationException($"The migrations of {folder.Trim('.')} must be numbered from 0001 without gaps.");
        return new ProductMigrations(all);
    }
}
