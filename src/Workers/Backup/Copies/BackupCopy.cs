using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.Copies;

/// <summary>The second place of backups, where the files have the same names. Its failures are those of a system of their own. Thread-safe.</summary>
internal sealed class BackupCopy : IDisposable
{
    private readonly S3Connection? connection;

    public BackupCopy(IOptions<BackupCopyOptions> options, IOptions<StorageOptions> storage, S3CallGuard guard)
    {
        var copy = options.Value;
        if (copy.Folder.Length > 0)
            Files = new FolderBackupFiles(storage, Options.Create(new BackupOptions { Folder = copy.Folder }));
        if (copy.Bucket.Length == 0)
            return;
        var s3 = Options.Create(new StorageOptions
        {
            Adapter = StorageOptions.S3Adapter,
            S3 = new()
            {
                ServiceUrl = copy.Endpoint, Region = copy.Region, AccessKey = copy.AccessKey, SecretKey = copy.SecretKey, Bucket = copy.Bucket, ForcePathStyle = copy.ForcePathStyle, Encryption = copy.Encryption,
                TimeoutSeconds = storage.Value.S3.TimeoutSeconds, LingersForSeconds = storage.Value.S3.LingersForSeconds,
            },
        });
        connection = new(s3, guard);
        Files = new S3BackupFiles(connection, new(connection), s3, Options.Create(new BackupOptions { Bucket = copy.Bucket }));
    }

    /// <summary>Null when no copies are made.</summary>
    public IBackupFiles? Files { get; }

    /// <inheritdoc cref="IStep.LingersFor"/>
    public TimeSpan LingersFor => Files?.LingersFor ?? TimeSpan.Zero;

    /// <summary>Removes everything of a backup from the copy.</summary>
    /// <exception cref="StepFailureException">The copy does not answer, or refuses.</exception>
    public Task RemoveAsync(string folder, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        if (Files is not null)
            await Files.RemoveAsync(folder, cancellationToken);
        return true;
    });

    /// <summary>Removes everything of a backup from the copy, for callers that must not wait for a second place that is away.</summary>
    /// <returns>Why it could not be removed; null when it is gone.</returns>
    public async Task<Failure?> TryRemoveAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            await RemoveAsync(folder, cancellationToken);
            return null;
        }
        catch (StepFailureException error) when (error.Failure.System == SystemNames.BackupCopy)
        {
            return error.Failure;
        }
    }

    /// <summary>Opens a file of the copy; null when there is none, or no copies are made.</summary>
    public async Task<Stream?> OpenAsync(string file, CancellationToken cancellationToken) => Files is null ? null : await Files.OpenAsync(file, cancellationToken);

    /// <exception cref="StepFailureException">The copy does not answer, or refuses.</exception>
    public static async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ObjectStoreException error)
        {
            throw StepFailureException.Of(
                error.Kind, error.Code, $"The copy of backups: {error.Message}", "Check Saga:Backups:Copy and the server that it names, then replay the step.", SystemNames.BackupCopy, error);
        }
    }

    public void Dispose() => connection?.Dispose();
}
