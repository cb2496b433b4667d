using System.Globalization;
using System.Runtime.CompilerServices;

namespace Saga.Tests.Integration.Product;

/// <summary>Products for tests, in folders of their own that are deleted at the end.</summary>
internal sealed class ProductFolders : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("saga-test-product-").FullName;
    private int count;

    /// <summary>The second product of the repository, <c>samples/clinic</c>.</summary>
    public static string Clinic => Path.Combine(Root(), "samples", "clinic");

    /// <summary>The clinic as it was when it had only the first files.</summary>
    public string ClinicOf(int files)
    {
        var folder = Copy(Clinic, Path.Combine(root, (++count).ToString(CultureInfo.InvariantCulture)));
        foreach (var later in Directory.GetFiles(folder, "*.sql").Order(StringComparer.Ordinal).Skip(files))
            File.Delete(later);
        return folder;
    }

    /// <summary>A product of files, by path.</summary>
    public string Of(params ReadOnlySpan<(string Path, string Text)> files)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, (++count).ToString(CultureInfo.InvariantCulture))).FullName;
        foreach (var (path, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.WriteAllText(Path.Combine(folder, path), text);
        }

        return folder;
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static string Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
