using Microsoft.Extensions.Options;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;

namespace Saga.Workers.Backup.Copies;

/// <summary>What only a process that writes copies can tell: whether the second place is another one than the first, and how its server encrypts.</summary>
internal sealed class BackupCopyOptionsValidation(IOptions<StorageOptions> storage, IOptions<BackupOptions> backups) : IValidateOptions<BackupCopyOptions>
{
    public ValidateOptionsResult Validate(string? name, BackupCopyOptions options)
    {
        var errors = new List<string>();
        if (S3Encryption.Parse(options.Encryption) is null)
            errors.Add($"{BackupCopyOptions.Section}:Encryption must be 'none', 's3' or 'kms:' and the key's id.");
        if (options.IsOn && IsFirst(options))
            errors.Add($"{BackupCopyOptions.Section} names the place where backups are: {(options.Folder.Length > 0 ? "Folder" : "Bucket")} must be another one.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private bool IsFirst(BackupCopyOptions options)
    {
        try
        {
            var first = storage.Value;
            return first.Adapter == StorageOptions.FolderAdapter
                ? options.Folder.Length > 0 && Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Folder)) == Path.TrimEndingDirectorySeparator(FolderBackupFiles.Root(first, backups.Value))
                : options.Bucket.Length > 0 && options.Bucket == S3BackupFiles.Bucket(first, backups.Value) && Server(options.Endpoint) == Server(first.S3.ServiceUrl);
        }
        catch (OptionsValidationException)
        {
            // Their own validation says what is wrong with them.
            return false;
        }
    }

    private static string Server(string address) => Uri.TryCreate(address, UriKind.Absolute, out var url) ? url.GetLeftPart(UriPartial.Path).TrimEnd('/') : address;
}
