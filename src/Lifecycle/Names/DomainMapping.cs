using System.Globalization;
using System.Text;
using Saga.Shared.Unicode;

namespace Saga.Lifecycle.Names;

/// <summary>
/// The mapping of UTS 46 (non-transitional), which gives a domain name one spelling: lower case, compatibility characters replaced,
/// ignored characters removed, composed. Characters that IDNA 2008 does not allow are refused, and so are those that it allows only in
/// some contexts, such as the joiners. The platform's <see cref="IdnMapping"/> maps nothing in invariant globalization mode.
/// </summary>
internal static class DomainMapping
{
    private static readonly Tables Data = Tables.Load();

    /// <returns>The mapped text, whose dots separate labels; null when it contains a character that a domain name may not have.</returns>
    public static string? Map(string text)
    {
        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Data.Replacements.TryGetValue(rune.Value, out var replacement))
                mapped.Append(replacement);
            else
                mapped.Append(rune.ToString());
        }

        var composed = CanonicalComposition.Compose(mapped.ToString());
        return composed.EnumerateRunes().All(r => r.Value == '.' || Data.Allows(r.Value)) ? composed : null;
    }

    private sealed record Tables(Dictionary<int, string> Replacements, int[] Firsts, int[] Lasts)
    {
        public bool Allows(int rune)
        {
            var index = Array.BinarySearch(Firsts, rune);
            return index >= 0 || (~index > 0 && rune <= Lasts[~index - 1]);
        }

        public static Tables Load()
        {
            var replacements = new Dictionary<int, string>();
            List<int> firsts = [], lasts = [];
            using var reader = new StreamReader(typeof(DomainMapping).Assembly.GetManifestResourceStream("idna-mapping.txt")!);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                    continue;
                var parts = line.Split('>');
                var range = parts[0].Split('-');
                var (first, last) = (Hex(range[0]), Hex(range[^1]));
                if (parts.Length == 1)
                {
                    firsts.Add(first);
                    lasts.Add(last);
                    continue;
                }

                int[] text = [.. parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Hex)];
                for (var rune = first; rune <= last; rune++)
                    replacements[rune] = string.Concat(text.Select(t => char.ConvertFromUtf32(text.Length == 1 ? t + rune - first : t)));
            }

            return new(replacements, [.. firsts], [.. lasts]);
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
