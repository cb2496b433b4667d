namespace Saga.Host.Embedded;

/// <summary>Files with secrets, readable only by their owner from the first byte on.</summary>
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

    /// <summary>Replaces the file's content atomically and flushes it to disk. On failure the old content stays.</summary>
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
