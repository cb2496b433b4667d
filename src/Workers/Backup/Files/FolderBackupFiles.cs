using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Files;

/// <summary>Files in a folder of this machine that only this process's user may enter.</summary>
internal sealed class FolderBackupFiles(IOptions<StorageOptions> storage, IOptions<BackupOptions> options) : IBackupFiles
{
    // Files that are being written have this ending, and are no files yet.
    private const string Incomplete = ".incoming";

    private readonly string root = Root(storage.Value, options.Value);

    /// <summary>The folder with all files.</summary>
    public static string Root(StorageOptions objects, BackupOptions backups) => Path.GetFullPath(backups.Folder.Length > 0 ? backups.Folder : Path.Combine(objects.Folder.Path, "backups"));

    public async Task<FileUpload> CreateAsync(string name, CancellationToken cancellationToken)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        return Run<FileUpload>(() =>
        {
            FolderFailures.MakePrivate(root);
            var target = PathOf(name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            return new Upload(target);
        });
    }

    public Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream?>(new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 81920, useAsync: true));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
    }

    public Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Run<IReadOnlyList<string>>(() => !Directory.Exists(PathOf(folder))
            ? []
            :
            [
                .. Directory.EnumerateFiles(PathOf(folder), "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(Incomplete, StringComparison.Ordinal))
                    .Select(f => Path.GetRelativePath(root, f).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal),
            ]));
    }

    public async IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        if (!Directory.Exists(root))
            yield break;
        foreach (var folder in Run(() => Directory.GetDirectories(root)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Run<IReadOnlyList<StoredFile>>(() => !Directory.Exists(folder) ? [] :
            [
                .. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => !f.Name.EndsWith(Incomplete, StringComparison.Ordinal))
                    .Select(f => new StoredFile(Path.GetRelativePath(root, f.FullName).Replace(Path.DirectorySeparatorChar, '/'), f.Length, new DateTimeOffset(f.LastWriteTimeUtc)))
                    .OrderBy(f => f.Name, StringComparer.Ordinal),
            ]);
        }
    }

    public async Task RemoveAsync(string folder, CancellationToken cancellationToken)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        Run(() =>
        {
            if (Directory.Exists(PathOf(folder)))
                Directory.Delete(PathOf(folder), recursive: true);
            return true;
        });
    }

    private string PathOf(string name) => Path.Combine([root, .. name.Split('/')]);

    private static T Run<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
    }

    private sealed class Upload(string target) : FileUpload
    {
        private readonly FileStream file = new(target + Incomplete, FileMode.Create, FileAccess.Write, FileShare.None, 81920, useAsync: true);
        private bool complete;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await file.WriteAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (FolderFailures.IsFailure(error))
            {
                throw FolderFailures.Translate(error);
            }
        }

        public override async Task CompleteAsync(CancellationToken cancellationToken)
        {
            await LeaseGuard.RequireAsync(cancellationToken);
            Run(() =>
            {
                file.Flush(flushToDisk: true);
                file.Dispose();
                File.Move(target + Incomplete, target, overwrite: true);
                return complete = true;
            });
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
                if (!complete)
                    File.Delete(target + Incomplete);
            }

            base.Dispose(disposing);
        }
    }
}
