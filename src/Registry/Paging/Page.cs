namespace Saga.Registry.Paging;

/// <param name="Items">The items, at most as many as requested.</param>
/// <param name="Next">The start of the next page; null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, Cursor? Next);
