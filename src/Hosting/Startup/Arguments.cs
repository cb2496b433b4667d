using Microsoft.Extensions.Configuration;

namespace Saga.Hosting.Startup;

/// <summary>The command line of every program. Arguments that nothing reads are refused, because they may be misspelt.</summary>
public static class Arguments
{
    // Settings of ASP.NET Core, .NET and Serilog that a program of ours reads, or the start of their sections.
    private static readonly string[] Frameworks =
    [
        "urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "AllowedHosts", "shutdownTimeoutSeconds", "Kestrel", "Serilog", "Logging",
    ];

    public static bool AsksForHelp(IReadOnlyCollection<string> args) => args.Any(a => a is "--help" or "-h" or "-?" or "/?" or "help");

    /// <param name="program">Its name on the command line.</param>
    /// <param name="example">One useful argument.</param>
    public static string Help(string program, string example) =>
        $"""
        Usage: {program} [--<setting>=<value> ...]

        Settings are read from appsettings.json next to the program, then from environment variables (Saga__Bus__Adapter), then from the
        command line, such as: {program} {example}
        Pass secrets as environment variables, because arguments are visible to every user of the machine.

        docs/configuration.md explains every setting. These are known (* is a name or a number of your choice):
          {string.Join(Environment.NewLine + "  ", KnownSettings.All)}
        Of ASP.NET Core: {string.Join(", ", Frameworks)}
        """;

    /// <summary>A sentence for each argument and each setting that nothing reads, and for each wrong boolean.</summary>
    public static IReadOnlyList<string> Wrong(IReadOnlyList<string> args, IConfiguration configuration)
    {
        var wrong = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var text = args[i];
            var name = text.StartsWith("--", StringComparison.Ordinal) ? text[2..] : text.StartsWith('/') ? text[1..] : text;
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? name : name[..equals];
            if (name.Length == text.Length && equals < 0)
            {
                wrong.Add($"'{text}' is not an argument. Arguments have the form --<setting>=<value>; --help lists the settings.");
                continue;
            }

            if (equals < 0)
            {
                if (i + 1 >= args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal))
                    wrong.Add($"'{text}' has no value. Arguments have the form --<setting>=<value>.");
                else
                    i++;
            }

            // The settings of Saga itself are checked below, wherever they come from.
            if (!key.StartsWith("Saga:", StringComparison.OrdinalIgnoreCase)
                && !Frameworks.Any(f => string.Equals(key, f, StringComparison.OrdinalIgnoreCase) || key.StartsWith(f + ":", StringComparison.OrdinalIgnoreCase)))
                wrong.Add($"'{text}' is not an argument. {(Nearest(key) is { } nearest ? $"Did you mean --{nearest}?" : "--help lists the settings.")}");
        }

        return [.. wrong, .. KnownSettings.Wrong(configuration)];
    }

    /// <exception cref="WrongArgumentsException">Some are wrong.</exception>
    public static void Check(IReadOnlyList<string> args, IConfiguration configuration)
    {
        if (Wrong(args, configuration) is { Count: > 0 } wrong)
            throw new WrongArgumentsException(wrong);
    }

    private static string? Nearest(string key) =>
        KnownSettings.Nearest(key) ?? KnownSettings.Nearest("Saga:" + key)
            ?? Frameworks.Where(f => EditDistance.Of(f, key) <= 2).OrderBy(f => EditDistance.Of(f, key)).FirstOrDefault();
}
