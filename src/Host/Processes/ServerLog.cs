namespace Saga.Host.Processes;

/// <summary>A server's log file, as far as a message for the user needs it.</summary>
internal static class ServerLog
{
    private static readonly string[] Marks = ["FATAL", "PANIC", "No space left", "BOOT FAILED", "error:", "ERROR", "Error"];

    /// <summary>The line that says most about why a server did not start.</summary>
    public static string Cause(IReadOnlyCollection<string> lines)
    {
        var said = lines.Select(l => l.Trim()).Where(l => l.Length > 0).ToList();
        return Marks.Select(mark => said.FindLast(l => l.Contains(mark, StringComparison.Ordinal))).FirstOrDefault(l => l is not null)
            ?? said.LastOrDefault() ?? "it said nothing";
    }

    /// <summary>The same for what was written to the file after a position.</summary>
    public static string CauseSince(string file, long position)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = Math.Min(position, stream.Length);
            using var reader = new StreamReader(stream);
            return Cause(reader.ReadToEnd().Split('\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>The file's present length; 0 when it is missing.</summary>
    public static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;
}
