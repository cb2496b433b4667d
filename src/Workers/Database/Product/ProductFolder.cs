using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Saga.Workers.Database.Migrations;

namespace Saga.Workers.Database.Product;

/// <summary>Reads a product's folder: numbered files, seeds in <c>seed</c>, verification queries in <c>verify</c>. Other files are ignored.</summary>
internal static partial class ProductFolder
{
    private const long MaxBytes = 4 << 20;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The files; and what is wrong with them, before looking at what they say.</returns>
    public static (ProductFiles Files, IReadOnlyList<ProductFault> Faults) Read(string folder)
    {
        var faults = new List<ProductFault>();
        var migrations = Migrations(folder, faults);
        var seeds = Named(folder, "seed", PlanFile(), "The name must be a plan's, such as seed/basic.sql.", faults);
        var verifications = Named(folder, "verify", AnyFile(), "The name must be a-z, 0-9, '-' and '_', such as verify/01_kinds.sql.", faults);
        var files = new ProductFiles(
            new ProductMigrations(migrations), seeds.ToDictionary(s => Path.GetFileNameWithoutExtension(s.Path), StringComparer.Ordinal), verifications, IsSample: false);
        return (files, faults);
    }

    private static List<ProductMigration> Migrations(string folder, List<ProductFault> faults)
    {
        var migrations = new List<ProductMigration>();
        foreach (var file in Files(folder))
        {
            var name = Path.GetFileName(file);
            if (!NumberedFile().IsMatch(name))
                faults.Add(new ProductFault(name, 0, "The name must begin with four digits, such as 0001_patients.sql, then a-z, 0-9 and '_'."));
            else if (ReadText(file, name, faults) is { } sql)
                migrations.Add(new ProductMigration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), Path.GetFileNameWithoutExtension(name), sql));
        }

        if (migrations.Count == 0 && faults.Count == 0)
            faults.Add(new ProductFault("", 0, $"The folder {folder} has no file such as 0001_patients.sql."));
        var expected = 1;
        foreach (var same in migrations.GroupBy(m => m.Version).OrderBy(g => g.Key))
        {
            if (same.Skip(1).FirstOrDefault() is { } other)
                faults.Add(new ProductFault(ProductFiles.NameOf(other), 0, $"{ProductFiles.NameOf(same.First())} has the same number."));
            if (same.Key != expected)
                faults.Add(new ProductFault(ProductFiles.NameOf(same.First()), 0, string.Create(CultureInfo.InvariantCulture, $"Number {expected:0000} is missing before it.")));
            expected = same.Key + 1;
        }

        return migrations;
    }

    private static List<ProductFile> Named(string folder, string below, Regex form, string otherwise, List<ProductFault> faults)
    {
        var found = new List<ProductFile>();
        if (!Directory.Exists(Path.Combine(folder, below)))
            return found;
        foreach (var file in Files(Path.Combine(folder, below)))
        {
            var path = $"{below}/{Path.GetFileName(file)}";
            if (!form.IsMatch(Path.GetFileName(file)))
                faults.Add(new ProductFault(path, 0, otherwise));
            else if (ReadText(file, path, faults) is { } sql)
                found.Add(new ProductFile(path, sql));
        }

        return found;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.TopDirectoryOnly)
            .Where(f => f.EndsWith(".sql", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal);

    private static string? ReadText(string file, string name, List<ProductFault> faults)
    {
        if (new FileInfo(file).Length > MaxBytes)
        {
            faults.Add(new ProductFault(name, 0, "The file has more than 4 MiB. Load such data with the product's own means."));
            return null;
        }

        try
        {
            return Utf8.GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF').ReplaceLineEndings("\n");
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new ProductFault(name, 0, "The file must be UTF-8."));
            return null;
        }
    }

    [GeneratedRegex(@"\A[0-9]{4}_[a-z0-9_]{1,60}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NumberedFile();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,39}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlanFile();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,59}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnyFile();
}
