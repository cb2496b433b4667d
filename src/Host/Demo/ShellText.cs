namespace Saga.Host.Demo;

/// <summary>Text for a command line that the user copies.</summary>
internal static class ShellText
{
    /// <summary>The text as one word of a POSIX shell; unchanged if it needs no quotes.</summary>
    public static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or '@' or ':' or '=' or ',' or '+')
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
