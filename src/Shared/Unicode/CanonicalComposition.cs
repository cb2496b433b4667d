using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Saga.Shared.Unicode;

/// <summary>
/// Unicode's Normalization Form C. The platform's implementation does nothing in invariant globalization mode, which we use, so two
/// spellings of one name would become two objects or two domains. Compiled into each project that compares names.
/// </summary>
internal static class CanonicalComposition
{
    private const int HangulFirst = 0xAC00, LeadFirst = 0x1100, VowelFirst = 0x1161, TailFirst = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Syllables = Leads * Vowels * Tails;

    private static readonly Tables Data = Tables.Load();

    /// <param name="text">Well-formed UTF-16.</param>
    public static string Compose(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var runes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, runes);
        Order(runes);
        Recompose(runes);
        var result = new StringBuilder(text.Length);
        foreach (var rune in runes)
            result.Append(char.ConvertFromUtf32(rune));
        return result.ToString();
    }

    private static void Decompose(int rune, List<int> into)
    {
        if (rune - HangulFirst is >= 0 and < Syllables)
        {
            var index = rune - HangulFirst;
            into.Add(LeadFirst + (index / (Vowels * Tails)));
            into.Add(VowelFirst + (index % (Vowels * Tails) / Tails));
            if (index % Tails != 0)
                into.Add(TailFirst + (index % Tails));
        }
        else if (Data.Decompositions.TryGetValue(rune, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(rune);
        }
    }

    // Marks of different classes commute, so they are sorted by class with a stable sort.
    private static void Order(List<int> runes)
    {
        for (var i = 1; i < runes.Count; i++)
        {
            var mark = Class(runes[i]);
            for (var j = i; mark != 0 && j > 0 && Class(runes[j - 1]) > mark; j--)
                (runes[j - 1], runes[j]) = (runes[j], runes[j - 1]);
        }
    }

    private static void Recompose(List<int> runes)
    {
        int starter = -1, last = -1, length = 0;
        foreach (var rune in runes.ToArray())
        {
            var mark = Class(rune);
            // A mark composes with its starter only if no mark of the same or a higher class is between them.
            if (starter >= 0 && (last < mark || last == -1) && Pair(runes[starter], rune) is { } whole)
            {
                runes[starter] = whole;
                continue;
            }

            if (mark == 0)
            {
                starter = length;
                last = -1;
            }
            else
            {
                last = mark;
            }

            runes[length++] = rune;
        }

        runes.RemoveRange(length, runes.Count - length);
    }

    private static int? Pair(int first, int second)
    {
        if (first - LeadFirst is >= 0 and < Leads && second - VowelFirst is >= 0 and < Vowels)
            return HangulFirst + ((((first - LeadFirst) * Vowels) + second - VowelFirst) * Tails);
        if (first - HangulFirst is >= 0 and < Syllables && (first - HangulFirst) % Tails == 0 && second - TailFirst is > 0 and < Tails)
            return first + second - TailFirst;
        return Data.Pairs.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private static int Class(int rune) => Data.Classes.GetValueOrDefault(rune);

    private sealed record Tables(FrozenDictionary<int, int> Classes, FrozenDictionary<int, int[]> Decompositions, FrozenDictionary<(int, int), int> Pairs)
    {
        public static Tables Load()
        {
            var classes = new Dictionary<int, int>();
            var decompositions = new Dictionary<int, int[]>();
            var pairs = new Dictionary<(int, int), int>();
            using var reader = new StreamReader(typeof(CanonicalComposition).Assembly.GetManifestResourceStream("canonical-decompositions.txt")!);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                    continue;
                if (line.Split(':') is [var range, var mark])
                {
                    var bounds = range.Split('-');
                    for (var rune = Hex(bounds[0]); rune <= Hex(bounds[1]); rune++)
                        classes[rune] = int.Parse(mark, CultureInfo.InvariantCulture);
                    continue;
                }

                var sign = line.AsSpan().IndexOfAny('=', '>');
                int[] parts = [.. line[(sign + 1)..].Split(' ').Select(Hex)];
                decompositions[Hex(line[..sign])] = parts;
                if (line[sign] == '=')
                    pairs[(parts[0], parts[1])] = Hex(line[..sign]);
            }

            return new(classes.ToFrozenDictionary(), decompositions.ToFrozenDictionary(), pairs.ToFrozenDictionary());
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
