namespace Saga.Host.Embedded;

/// <summary>Files that hold secrets: readable by their owner only from the first byte on.</summary>
internal static class OwnerOnlyFile
{
    public static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    public static async Task WriteAsync(string path, string text)
    {
        await using var writer = new StreamWriter(Create(path));
        await writer.WriteAsync(text);
    }
}
