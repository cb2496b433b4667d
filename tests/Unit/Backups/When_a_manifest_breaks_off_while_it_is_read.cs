using Microsoft.Extensions.Options;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.OfRegistry;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_a_manifest_breaks_off_while_it_is_read
{
    [Fact]
    public async Task Should_be_the_stores_failure()
    {
        using var copy = new BackupCopy(Options.Create(new BackupCopyOptions()), Options.Create(new StorageOptions()), new S3CallGuard(_ => Task.CompletedTask));
        var files = new RegistryBackupFiles(new BrokenFiles(), copy);

        (await Should.ThrowAsync<ObjectStoreException>(() => files.ManifestsAsync(default))).Code.ShouldBe("s3-unavailable");
    }

    private sealed class BrokenFiles : IBackupFiles
    {
        public Task<FileUpload> CreateAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken) => Task.FromResult<Stream?>(new BrokenStream());

        public Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>>([$"{folder}/{Guid.Empty}/registryBackup.complete/1-manifest.json"]);

        public IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RemoveAsync(string folder, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The connection was reset.");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new IOException("The connection was reset.");
    }
}
