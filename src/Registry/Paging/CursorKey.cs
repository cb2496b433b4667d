using Saga.Registry.Placements;

namespace Saga.Registry.Paging;

/// <summary>Which keys a cursor of an order may have. A key that no page ever had must not start the list again from the beginning.</summary>
internal static class CursorKey
{
    /// <summary>The longest key. Names of what is outside are given by others: those of a server, a database and a schema together have hundreds of characters.</summary>
    internal const int MaxTextLength = 1000;

    private const int MaxSlugLength = 63;

    public static bool IsOf(string sort, string key) => sort.TrimStart('-') switch
    {
        "slug" => key.Length is > 0 and <= MaxSlugLength && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
        "id" => ListQuery.NumberOf(key) is not null,
        PlaceVersionStore.Sort or "name" => key.Length is > 0 and <= MaxTextLength && !key.Any(char.IsControl),
        _ => ListQuery.TimeOf(key) is DateTimeOffset time && ListQuery.KeyOf(time) == key,
    };
}
