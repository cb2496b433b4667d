using Microsoft.Extensions.Options;

namespace Saga.Workers.Database.Product;

/// <summary>The team's own product. Section <c>Saga:Product</c>. <c>docs/product.md</c> says what its files must and may hold.</summary>
public sealed class ProductOptions
{
    public const string Section = "Saga:Product";

    /// <summary>The folder with the product's numbered .sql files, or a package (.zip, .nupkg) of the same layout; null for the sample product.</summary>
    public string? Migrations { get; set; }

    internal ProductFiles Read() => string.IsNullOrEmpty(Migrations) ? ProductFiles.Sample() : ProductFolder.Read(Path.GetFullPath(Migrations)).Files;
}

/// <summary>Checks the text of the files, so that no program starts with ones that the platform does not take.</summary>
internal sealed class ProductOptionsValidation : IValidateOptions<ProductOptions>
{
    private const string Key = $"{ProductOptions.Section}:{nameof(ProductOptions.Migrations)}";

    public ValidateOptionsResult Validate(string? name, ProductOptions options)
    {
        if (string.IsNullOrEmpty(options.Migrations))
            return ValidateOptionsResult.Success;
        var folder = Path.GetFullPath(options.Migrations);
        if (!Directory.Exists(folder) && !(PackageFiles.IsPackage(folder) && File.Exists(folder)))
        {
            return ValidateOptionsResult.Fail(File.Exists(folder)
                ? $"{Key}: {folder} is neither a folder nor a package (.zip, .nupkg)."
                : $"{Key}: there is no {(PackageFiles.IsPackage(folder) ? "package" : "folder")} {folder}.");
        }

        try
        {
            var faults = Faults(folder);
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.Select(f => $"{Key}: {f}"));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return ValidateOptionsResult.Fail($"{Key}: {e.Message}");
        }
    }

    private static IReadOnlyList<ProductFault> Faults(string folder)
    {
        var (files, faults) = ProductFolder.Read(folder);
        return [.. faults, .. ProductRules.Check(files)];
    }
}
