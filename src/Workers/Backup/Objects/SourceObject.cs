namespace Saga.Workers.Backup.Objects;

/// <summary>One object of a tenant, as the store lists it.</summary>
/// <param name="Key">The key within the tenant. Other writers may not follow the rules of keys.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">The store's tag of the content; null where it has none.</param>
/// <param name="Version">The store's id of the version; null where it has none.</param>
/// <param name="ModifiedAt">When it was written.</param>
internal sealed record SourceObject(string Key, long Bytes, string? ETag, string? Version, DateTimeOffset ModifiedAt);
