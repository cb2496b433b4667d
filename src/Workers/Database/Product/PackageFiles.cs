using System.IO.Compression;

namespace Saga.Workers.Database.Product;

/// <summary>The files of a package that a product may have: a .zip or .nupkg file with the layout of a product's folder. They are read into memory and never unpacked.</summary>
internal static class PackageFiles
{
    private const int MaxEntries = 10_000;
    private const long MaxBytes = 64 << 20;

    /// <summary>Whether a name is a package's.</summary>
    public static bool IsPackage(string path) =>
        path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="InvalidDataException">It is no package, or it is larger than a product may be.</exception>
    public static IReadOnlyList<RawFile> Read(string package)
    {
        if (new FileInfo(package).Length > MaxBytes)
            throw TooLarge(package);
        using var archive = Open(package);
        if (archive.Entries.Count > MaxEntries)
            throw new InvalidDataException(FormattableString.Invariant($"The package {package} has more than {MaxEntries} entries."));
        var (files, left) = (new List<RawFile>(), MaxBytes);
        foreach (var entry in archive.Entries.Where(e => RawFile.IsWanted(e.FullName)))
        {
            var bytes = Unpack(package, entry);
            left -= bytes?.Length ?? 0;
            if (left < 0)
                throw TooLarge(package);
            files.Add(new RawFile(entry.FullName, bytes));
        }

        return files;
    }

    private static ZipArchive Open(string package)
    {
        try
        {
            return ZipFile.OpenRead(package);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The package {package} cannot be read: {e.Message}", e);
        }
    }

    // The size that an entry claims is not believed: no more is unpacked than a file may have.
    private static byte[]? Unpack(string package, ZipArchiveEntry entry)
    {
        try
        {
            using var from = entry.Open();
            var bytes = new byte[RawFile.MaxBytes + 1];
            var count = from.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count > RawFile.MaxBytes ? null : bytes[..count];
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The package {package} cannot be read at {entry.FullName}: {e.Message}", e);
        }
    }

    private static InvalidDataException TooLarge(string package) => new(FormattableString.Invariant($"The package {package} has more than {MaxBytes >> 20} MiB."));
}
