namespace Saga.Registry.Paging;

/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">Where the following page begins; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, Cursor? Next);
