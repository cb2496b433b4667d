using System.Globalization;
using System.Text;
using Saga.Registry.Audit;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;

namespace Saga.Workers.Audit;

/// <summary>
/// The heads of the audit log in the object store, beside the backups. Each has a name of its own, so a process that was stopped and goes on late never replaces a
/// newer one. Failures are <see cref="ObjectStoreException"/>. Thread-safe.
/// </summary>
internal sealed class AuditCopies(IBackupFiles files)
{
    private const string Root = "audit";
    private const string FileName = "head.json";

    public async Task WriteAsync(AuditMark head, CancellationToken cancellationToken)
    {
        await using var upload = await files.CreateAsync(NameOf(head), cancellationToken);
        await upload.WriteAsync(Encoding.UTF8.GetBytes(head.ToJson()), cancellationToken);
        await upload.CompleteAsync(cancellationToken);
    }

    /// <summary>Removes the head that the same day had before.</summary>
    public Task RemoveAsync(AuditMark head, long former, CancellationToken cancellationToken) => files.RemoveAsync(Folder(head, former), cancellationToken);

    /// <summary>The names of all heads.</summary>
    public Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) => files.ListAsync(Root, cancellationToken);

    /// <returns>Null when the file is gone meanwhile.</returns>
    public async Task<byte[]?> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = await files.OpenAsync(file, cancellationToken);
        return stream is null ? null : await StoreReads.ReadAllAsync(stream, cancellationToken);
    }

    /// <summary>The file that a head has.</summary>
    public static string NameOf(AuditMark head) => $"{Folder(head, head.Number)}/{FileName}";

    private static string Folder(AuditMark head, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}/{head.Chain:d}/{head.Day:yyyy-MM-dd}/{number:d19}");
}
