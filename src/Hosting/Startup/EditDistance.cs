namespace Saga.Hosting.Startup;

/// <summary>How many letters must be inserted, deleted or replaced to make one text the other, ignoring case.</summary>
internal static class EditDistance
{
    public static int Of(string from, string to)
    {
        var previous = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var current = new int[to.Length + 1];
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = previous[j - 1] + (char.ToUpperInvariant(from[i - 1]) == char.ToUpperInvariant(to[j - 1]) ? 0 : 1);
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, replaced);
            }

            previous = current;
        }

        return previous[^1];
    }
}
