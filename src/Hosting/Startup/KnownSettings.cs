using Microsoft.Extensions.Configuration;

namespace Saga.Hosting.Startup;

/// <summary>
/// Every setting of every program, from <c>Settings.txt</c>, which a test keeps complete. All programs know all settings, because they
/// often share one file or environment.
/// </summary>
public static class KnownSettings
{
    private const string Root = "Saga:";
    private const string Any = "*";
    private const string Boolean = "bool";
    private const int FarthestNearest = 3;

    private static readonly Lazy<IReadOnlyList<(string Key, bool IsBoolean)>> Lines = new(Read);

    /// <summary>Keys; <c>*</c> stands for a name or a number that the user chooses.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Lines.Value.Select(l => l.Key)];

    /// <summary>Former keys that are still read, and the keys that replaced them.</summary>
    public static IReadOnlyDictionary<string, string> Former { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Orchestrator:Lanes"] = "Saga:Orchestrator:Committers",
    };

    /// <summary>A sentence for each configured key that no program reads, and for each boolean that is neither true nor false.</summary>
    public static IReadOnlyList<string> Wrong(IConfiguration configuration) =>
        [.. configuration.AsEnumerable().Where(p => p.Value is not null && p.Key.StartsWith(Root, StringComparison.OrdinalIgnoreCase))
            .OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => Fault(p.Key, p.Value!)).OfType<string>()];

    public static bool IsKnown(string key) => Former.ContainsKey(key) || All.Any(k => Distance(k, key, exactly: true) == 0);

    /// <summary>The known key that is most like this one, with its own names in place of <c>*</c>; null when none is.</summary>
    public static string? Nearest(string key) =>
        All.Select(k => (Key: k, Distance: Distance(k, key, exactly: false))).Where(k => k.Distance <= FarthestNearest * (1 + k.Key.Count(c => c == ':') / 2))
            .OrderBy(k => k.Distance).Select(k => Filled(k.Key, key)).FirstOrDefault();

    private static string? Fault(string key, string value)
    {
        if (!IsKnown(key))
            return $"{key} is not a setting. {(Nearest(key) is { } nearest ? $"Did you mean {nearest}?" : "docs/configuration.md lists all settings.")}";
        return value.Length == 0 || bool.TryParse(value, out _) || !Lines.Value.Any(l => l.IsBoolean && Distance(l.Key, key, exactly: true) == 0)
            ? null
            : $"{key} is '{value}'. It must be true or false.";
    }

    private static int Distance(string known, string key, bool exactly)
    {
        var (wanted, given) = (known.Split(':'), key.Split(':'));
        if (wanted.Length != given.Length)
            return exactly ? int.MaxValue : EditDistance.Of(known, key);
        var sum = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == Any || string.Equals(wanted[i], given[i], StringComparison.OrdinalIgnoreCase))
                continue;
            if (exactly)
                return int.MaxValue;
            sum += EditDistance.Of(wanted[i], given[i]);
        }

        return sum;
    }

    private static string Filled(string known, string key)
    {
        var (wanted, given) = (known.Split(':'), key.Split(':'));
        return string.Join(':', wanted.Select((part, i) => part == Any && i < given.Length ? given[i] : part));
    }

    private static IReadOnlyList<(string Key, bool IsBoolean)> Read()
    {
        using var stream = typeof(KnownSettings).Assembly.GetManifestResourceStream("Saga.Hosting.Startup.Settings.txt")
            ?? throw new InvalidOperationException("The list of settings is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(' ')).Select(parts => (parts[0], parts is [_, Boolean]))];
    }
}
