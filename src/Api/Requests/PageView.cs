using Saga.Registry.Paging;

namespace Saga.Api.Requests;

/// <summary>One page of a list.</summary>
public sealed record PageView<T>
{
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Pass it as <c>cursor</c> to get the next page; absent on the last.</summary>
    public string? NextCursor { get; init; }
}

internal static class PageView
{
    public static PageView<TView> Of<T, TView>(Page<T> page, Func<T, TView> view) =>
        new() { Items = [.. page.Items.Select(view)], NextCursor = page.Next?.ToString() };
}
