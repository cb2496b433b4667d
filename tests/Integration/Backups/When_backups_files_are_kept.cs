using System.Security.Cryptography;
using Amazon.S3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Backup;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Files;
using Saga.Workers.Storage;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

/// <summary>What both adapters do.</summary>
public abstract class BackupFilesContract : IAsyncLifetime
{
    private WorkerHost host = null!;

    private IBackupFiles Files => host.Get<IBackupFiles>();

    public async ValueTask InitializeAsync() => host = new WorkerHost(
        null, (services, configuration) => services.AddResource<BackupModule>(configuration), [("Saga:Databases:Servers:main:ConnectionString", "Host=x;Username=x"), .. await SettingsAsync()]);

    public virtual async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IReadOnlyList<(string Key, string? Value)>> SettingsAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8 * 1024 * 1024)]
    [InlineData((20 * 1024 * 1024) + 3)]
    public async Task Should_give_back_what_was_written(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        await WriteAsync("a/1/rows", content);

        (await ReadAsync("a/1/rows")).ShouldBe(content);
        (await Files.ListAsync("a/1", default)).ShouldBe(["a/1/rows"]);
    }

    [Fact]
    public async Task Should_list_all_files_with_their_sizes()
    {
        await WriteAsync("listed-a/1/s/rows", [1, 2, 3]);
        await WriteAsync("listed-a/2/s/rows", [1]);
        await WriteAsync("listed-b/3/s/rows", []);
        await using (var upload = await Files.CreateAsync("listed-b/4/rows", default))
            await upload.WriteAsync(new byte[] { 1 });

        var all = (await Files.PagesAsync(default).ToListAsync()).SelectMany(p => p).Where(f => f.Name.StartsWith("listed-", StringComparison.Ordinal)).ToList();

        all.Select(f => (f.Name, f.Bytes)).ShouldBe([("listed-a/1/s/rows", 3), ("listed-a/2/s/rows", 1), ("listed-b/3/s/rows", 0)], ignoreOrder: true);
        all.ShouldAllBe(f => f.WrittenAt > DateTimeOffset.UtcNow.AddMinutes(-30));
    }

    [Fact]
    public async Task Should_have_no_file_before_it_is_complete_and_none_if_it_never_is()
    {
        await using (var upload = await Files.CreateAsync("b/1/rows", default))
        {
            await upload.WriteAsync(RandomNumberGenerator.GetBytes(9 * 1024 * 1024));
            (await Files.OpenAsync("b/1/rows", default)).ShouldBeNull();
        }

        (await Files.OpenAsync("b/1/rows", default)).ShouldBeNull();
        (await Files.ListAsync("b", default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_file_that_is_there_until_another_is_complete()
    {
        await WriteAsync("c/1/rows", [1]);
        await using (var upload = await Files.CreateAsync("c/1/rows", default))
            await upload.WriteAsync(new byte[] { 2 });

        (await ReadAsync("c/1/rows")).ShouldBe([1]);
    }

    [Fact]
    public async Task Should_remove_one_folder_and_nothing_that_is_called_like_it()
    {
        await WriteAsync("d/1/rows", [1]);
        await WriteAsync("d/1/x/settings", [2]);
        await WriteAsync("d/10/rows", [3]);

        await Files.RemoveAsync("d/1", default);
        await Files.RemoveAsync("d/1", default);
        await Files.RemoveAsync("never/there", default);

        (await Files.ListAsync("d/1", default)).ShouldBeEmpty();
        (await ReadAsync("d/10/rows")).ShouldBe([3]);
    }

    private async Task WriteAsync(string name, byte[] content)
    {
        await using var upload = await Files.CreateAsync(name, default);
        foreach (var piece in content.Chunk(1_000_000))
            await upload.WriteAsync(piece);
        await upload.CompleteAsync(default);
    }

    private async Task<byte[]> ReadAsync(string name)
    {
        await using var file = (await Files.OpenAsync(name, default))!;
        var content = new MemoryStream();
        await file.CopyToAsync(content);
        return content.ToArray();
    }
}

public sealed class When_backups_files_are_kept_in_a_folder : BackupFilesContract
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-backups-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    protected override Task<IReadOnlyList<(string Key, string? Value)>> SettingsAsync() =>
        Task.FromResult<IReadOnlyList<(string, string?)>>([("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder)]);
}

public sealed class When_backups_files_are_kept_in_S3 : BackupFilesContract
{
    private readonly string bucket = S3Server.NewBucket();

    protected override async Task<IReadOnlyList<(string Key, string? Value)>> SettingsAsync()
    {
        var server = await S3Server.SharedAsync();
        return
        [
            ("Saga:Storage:Adapter", "s3"), ("Saga:Storage:S3:ServiceUrl", server.Url), ("Saga:Storage:S3:Bucket", bucket), ("Saga:Storage:S3:AccessKey", server.AccessKey),
            ("Saga:Storage:S3:SecretKey", server.SecretKey), ("Saga:Storage:S3:TimeoutSeconds", "10"),
        ];
    }

    [Fact]
    public async Task Should_leave_no_upload_of_a_file_that_was_given_up()
    {
        await Should_have_no_file_before_it_is_complete_and_none_if_it_never_is();

        using var client = (await S3Server.SharedAsync()).Client();
        ((await client.ListMultipartUploadsAsync($"{bucket}-backups")).MultipartUploads ?? []).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_encrypt_copies_with_their_own_key()
    {
        var server = await S3Server.SharedAsync();
        using var copy = new BackupCopy(
            Options.Create(new BackupCopyOptions { Bucket = bucket, Endpoint = server.Url, AccessKey = server.AccessKey, SecretKey = server.SecretKey, Encryption = $"kms:{S3Server.EncryptionKey}" }),
            Options.Create(new StorageOptions()), new S3CallGuard(_ => Task.CompletedTask));
        await using (var upload = await copy.Files!.CreateAsync("e/1/rows", default))
        {
            await upload.WriteAsync(new byte[] { 1 });
            await upload.CompleteAsync(default);
        }

        using var client = server.Client();
        var shown = await client.GetObjectMetadataAsync(bucket, "e/1/rows");
        (shown.ServerSideEncryptionMethod.Value, shown.ServerSideEncryptionKeyManagementServiceKeyId).ShouldBe(("aws:kms", S3Server.EncryptionKey));
    }
}
