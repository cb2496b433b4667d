using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Saga.Workers.Database.Migrations;

namespace Saga.Workers.Database.Product;

/// <summary>Reads a product's folder, or a package with the same layout: numbered files, seeds in <c>seed</c>, verification queries in <c>verify</c>. Of other files, only <c>export.json</c> is read.</summary>
internal static partial class ProductFolder
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The files; and what is wrong with them, before looking at what they say.</returns>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    public static (ProductFiles Files, IReadOnlyList<ProductFault> Faults) Read(string folder)
    {
        var faults = new List<ProductFault>();
        var all = (PackageFiles.IsPackage(folder) && !Directory.Exists(folder) ? PackageFiles.Read(folder) : FolderFiles.Read(folder)).OrderBy(f => f.Path, StringComparer.Ordinal).ToLookup(Below);
        foreach (var twice in all.SelectMany(g => g).GroupBy(f => f.Path, StringComparer.Ordinal).Where(g => g.Skip(1).Any()))
            faults.Add(new ProductFault(twice.Key, 0, "The package has two files of this name."));
        foreach (var misplaced in all.Where(g => g.Key is not ("" or "seed" or "verify")).SelectMany(g => g))
            faults.Add(new ProductFault(misplaced.Path, 0, "Files are read from the top, from seed and from verify only. Move it there, or give it another ending than .sql."));
        var export = all[""].FirstOrDefault(f => f.Path == ProductExport.File) is { } declared && ReadText(declared, faults) is { } text ? ProductExport.Read(text, faults) : new();
        var migrations = Migrations(folder, all[""].Where(f => f.Path != ProductExport.File), faults);
        var seeds = Named(all["seed"], PlanFile(), "The name must be a plan's, such as seed/basic.sql.", faults);
        var verifications = Named(all["verify"], AnyFile(), "The name must be a-z, 0-9, '-' and '_', such as verify/01_kinds.sql.", faults);
        var files = new ProductFiles(
            new ProductMigrations(migrations),
            seeds.DistinctBy(s => s.Path, StringComparer.Ordinal).ToDictionary(s => Path.GetFileNameWithoutExtension(s.Path), StringComparer.Ordinal),
            verifications, IsSample: false) { Export = export };
        return (files, faults);
    }

    // The folder that a file is in; empty at the top.
    private static string Below(RawFile file) => file.Path.LastIndexOf('/') switch
    {
        < 0 => "",
        0 => "/",
        var slash => file.Path[..slash],
    };

    private static List<ProductMigration> Migrations(string folder, IEnumerable<RawFile> all, List<ProductFault> faults)
    {
        var migrations = new List<ProductMigration>();
        foreach (var file in all)
        {
            var name = file.Path;
            if (!NumberedFile().IsMatch(name))
                faults.Add(new ProductFault(name, 0, "The name must begin with four digits, such as 0001_patients.sql, then a-z, 0-9 and '_'."));
            else if (ReadText(file, faults) is { } sql)
                migrations.Add(new ProductMigration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), Path.GetFileNameWithoutExtension(name), sql));
        }

        if (migrations.Count == 0 && faults.Count == 0)
            faults.Add(new ProductFault("", 0, $"The {(PackageFiles.IsPackage(folder) ? "package" : "folder")} {folder} has no file such as 0001_patients.sql."));
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

    private static List<ProductFile> Named(IEnumerable<RawFile> all, Regex form, string otherwise, List<ProductFault> faults)
    {
        var found = new List<ProductFile>();
        foreach (var file in all)
        {
            if (!form.IsMatch(Path.GetFileName(file.Path)))
                faults.Add(new ProductFault(file.Path, 0, otherwise));
            else if (ReadText(file, faults) is { } sql)
                found.Add(new ProductFile(file.Path, sql));
        }

        return found;
    }

    private static string? ReadText(RawFile file, List<ProductFault> faults)
    {
        if (file.Bytes is null)
        {
            faults.Add(new ProductFault(file.Path, 0, "The file has more than 4 MiB. Load such data with the product's own means."));
            return null;
        }

        try
        {
            return Utf8.GetString(file.Bytes).TrimStart('\uFEFF').ReplaceLineEndings("\n");
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new ProductFault(file.Path, 0, "The file must be UTF-8."));
            return null;
        }
    }

    [GeneratedRegex(@"\A[0-9]{4}_[a-z0-9_]{1,60}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex NumberedFile();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,39}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex PlanFile();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,59}\.sql\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex AnyFile();
}
