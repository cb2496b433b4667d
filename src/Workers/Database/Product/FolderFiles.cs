namespace Saga.Workers.Database.Product;

/// <summary>The files of a folder that a product may have, those below it included. Folders whose names begin with a dot are left out.</summary>
internal static class FolderFiles
{
    private const int MaxDepth = 8;

    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static IReadOnlyList<RawFile> Read(string folder) =>
    [
        .. from file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = MaxDepth, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
           let path = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')
           where RawFile.IsWanted(path)
           where !path.Split('/').SkipLast(1).Any(f => f.StartsWith('.'))
           select new RawFile(path, new FileInfo(file).Length > RawFile.MaxBytes ? null : File.ReadAllBytes(file)),
    ];
}
