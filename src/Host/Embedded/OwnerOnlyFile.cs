namespace Saga.Host.Embedded;

/// <summary>Files with secrets, readable only by their owner from the first byte on.</summary>
internal static class OwnerOnlyFile
{
    private static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        // An existing file would keep its mode.
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

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
