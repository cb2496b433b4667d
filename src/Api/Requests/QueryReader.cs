using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Saga.Api.Problems;
using Saga.Registry.Paging;

namespace Saga.Api.Requests;

/// <summary>Reads query parameters and collects their errors. An unknown parameter is an error, because it may be a misspelled one.</summary>
internal sealed partial class QueryReader
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;
    private const int MaxLength = 512;

    private readonly IQueryCollection query;
    private readonly List<ProblemError> errors = [];

    public QueryReader(HttpRequest request, params ReadOnlySpan<string> known)
    {
        query = request.Query;
        foreach (var name in query.Keys)
        {
            if (!known.Contains(name))
                AddError(name.Length <= 100 ? name : name[..100], known.Length == 0 ? "is not known; there are none" : $"is not known; there are {string.Join(", ", known!)}");
        }
    }

    /// <summary>The problem response if there were errors; otherwise null.</summary>
    public ProblemResult? Problem => errors.Count == 0 ? null : new ProblemResult(ProblemType.InvalidParameter, errors: errors);

    public void AddError(string parameter, string detail) => errors.Add(new() { Parameter = parameter, Detail = detail });

    public string? Text(string name, int maxLength = MaxLength)
    {
        if (!query.TryGetValue(name, out var values))
            return null;
        if (values is [{ Length: > 0 } value] && value.Length <= maxLength && !value.Any(char.IsControl))
            return value;
        AddError(name, $"must be given once, with 1 to {maxLength} characters");
        return null;
    }

    public bool Flag(string name)
    {
        var text = Text(name);
        if (text is not (null or "true" or "false"))
            AddError(name, "must be true or false");
        return text == "true";
    }

    /// <summary>A time with its offset from UTC; null when absent.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
            return null;
        // Without an offset it would be the server's time.
        if (TimeWithOffset().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time.ToUniversalTime();
        AddError(name, "must be a time such as 2027-01-31T12:00:00Z, with Z or an offset");
        return null;
    }

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex TimeWithOffset();

    public int Limit()
    {
        if (Text("limit") is not { } text)
            return DefaultLimit;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit)
            return limit;
        AddError("limit", $"must be a whole number from 1 to {MaxLimit}");
        return DefaultLimit;
    }

    public Cursor? Cursor(string sort)
    {
        if (Text("cursor") is not { } text)
            return null;
        if (Registry.Paging.Cursor.TryParse(text, sort, out var cursor))
            return cursor;
        AddError("cursor", "must be nextCursor of a page in the same order");
        return null;
    }

    /// <summary>One of these values; null when absent.</summary>
    public string? OneOf(string name, IReadOnlyList<string> values)
    {
        var text = Text(name);
        if (text is null || values.Contains(text))
            return text;
        AddError(name, $"must be one of {string.Join(", ", values)}");
        return null;
    }

    /// <summary>Names of the enumeration's values, separated by commas; null when absent.</summary>
    public IReadOnlyList<TEnum>? Several<TEnum>(string name)
        where TEnum : struct, Enum
    {
        if (Text(name) is not { } text)
            return null;
        var known = Enum.GetValues<TEnum>().ToDictionary(v => v.ToString().ToLowerInvariant(), StringComparer.Ordinal);
        var found = text.Split(',');
        if (found.All(known.ContainsKey))
            return [.. found.Select(f => known[f]).Distinct()];
        AddError(name, $"must be one or more of {string.Join(", ", known.Keys)}, separated by commas");
        return null;
    }
}
