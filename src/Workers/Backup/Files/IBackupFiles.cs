using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Files;

/// <summary>
/// The store of backups' files, where no tenant may read or write. Names are made by this program: segments of a-z, 0-9, '-' and '.',
/// separated by '/'. Failures are <see cref="ObjectStoreException"/>. Thread-safe.
/// </summary>
internal interface IBackupFiles
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>Begins a file. Its length need not be known, and the memory that it takes does not depend on it.</summary>
    Task<FileUpload> CreateAsync(string name, CancellationToken cancellationToken);

    /// <summary>The content, which the caller must dispose; null when there is no such file.</summary>
    Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken);

    /// <summary>The names of all files below the folder.</summary>
    Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>All files, page by page, in the order of their names within their first folder. The store has nothing of other installations.</summary>
    IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync(CancellationToken cancellationToken);

    /// <summary>Removes everything below the folder, including old versions and unfinished uploads, and verifies that it is gone.</summary>
    Task RemoveAsync(string folder, CancellationToken cancellationToken);
}

/// <param name="Name">The file's name, with its folders.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="WrittenAt">When it was written, if the store says so.</param>
internal sealed record StoredFile(string Name, long Bytes, DateTimeOffset? WrittenAt);
