namespace Saga.Workers.Backup.Objects;

/// <param name="Object">The object as it is read.</param>
/// <param name="Content">Its content, which the caller must dispose.</param>
internal sealed record OpenedObject(SourceObject Object, Stream Content);
