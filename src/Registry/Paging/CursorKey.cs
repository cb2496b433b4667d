using Saga.Registry.Placements;

namespace Saga.Registry.Paging;

/// <summary>Which keys a cursor of an order may have. A key that no page ever had must not start the list again from the beginning.</summary>
internal static class CursorKey
{
    private const int MaxSlugLength = 63;

    // A server's name and two names of PostgreSQL.
    private const int MaxPlaceLength = 170;

    public static bool IsOf(string sort, string key) => sort.TrimStart('-') switch
    {
        "slug" => key.Length is > 0 and <= MaxSlugLength && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
        "id" => ListQuery.NumberOf(key) is not null,
        PlaceVersionStore.Sort => key.Length is > 0 and <= MaxPlaceLength && !key.Any(char.IsControl),
        "name" => key.Length is > 0 and <= MaxSlugLength && !key.Any(char.IsControl),
        _ => ListQuery.TimeOf(key) is DateTimeOffset time && ListQuery.KeyOf(time) == key,
    };
}
