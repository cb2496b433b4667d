namespace Saga.Tenancy.Objects;

/// <summary>A version of an object.</summary>
/// <param name="Id">Names it among the object's versions.</param>
/// <param name="Bytes">The length of the content; 0 for a deletion.</param>
/// <param name="ModifiedAt">When it was written, or when the object was deleted.</param>
/// <param name="IsCurrent">Whether it is the newest.</param>
/// <param name="IsDeletion">Whether it has no content, because the object was deleted.</param>
public sealed record ObjectVersion(string Id, long Bytes, DateTimeOffset ModifiedAt, bool IsCurrent, bool IsDeletion);
