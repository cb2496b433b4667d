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

    /// <summary>Puts the text in the place of what is there, whole and on the disk, or leaves what is there.</summary>
    public static void Replace(string path, string text)
    {
        var made = path + ".new";
        File.Delete(made);
        using (var stream = Create(made))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(made, path, overwrite: true);
    }
}
