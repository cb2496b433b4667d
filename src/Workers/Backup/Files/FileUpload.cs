using Saga.Workers.Backup.Format;

namespace Saga.Workers.Backup.Files;

/// <summary>A file that is being written. Without <see cref="CompleteAsync"/> there is no file, and what was written is removed on disposal if possible.</summary>
internal abstract class FileUpload : WriteOnlyStream
{
    /// <summary>Makes the file exist, durably and with all its content.</summary>
    public abstract Task CompleteAsync(CancellationToken cancellationToken);
}
