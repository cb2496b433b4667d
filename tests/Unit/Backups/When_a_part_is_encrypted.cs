using System.Security.Cryptography;
using Saga.Contracts.Failures;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Format;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_a_part_is_encrypted
{
    private const int Chunk = 64;
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(PartFormat.KeyBytes);
    private static readonly Guid Backup = Guid.CreateVersion7();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData(3 * Chunk)]
    [InlineData((10 * Chunk) + 7)]
    public async Task Should_be_read_back_as_it_was_written(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);

        var (file, writer) = await WriteAsync(content);

        (await ReadAsync(file)).ShouldBe(content);
        writer.PlainBytes.ShouldBe(length);
        writer.StoredBytes.ShouldBe(file.Length);
        writer.Sha256.ShouldBe(SHA256.HashData(file));
    }

    [Fact]
    public async Task Should_not_depend_on_how_it_is_cut_into_writes()
    {
        var content = RandomNumberGenerator.GetBytes(500);
        var target = new MemoryStream();
        await using var writer = new PartWriter(target, Key, Backup, "rows", Chunk);
        foreach (var piece in content.Chunk(7))
            await writer.WriteAsync(piece, TestContext.Current.CancellationToken);
        await writer.CompleteAsync(TestContext.Current.CancellationToken);

        (await ReadAsync(target.ToArray())).ShouldBe(content);
    }

    [Fact]
    public async Task Should_be_refused_wherever_it_is_cut_short()
    {
        var (file, _) = await WriteAsync(RandomNumberGenerator.GetBytes(3 * Chunk));

        for (var length = 0; length < file.Length; length++)
            await DamagedAsync(file[..length]);
    }

    [Fact]
    public async Task Should_be_refused_whichever_byte_was_changed()
    {
        var (file, _) = await WriteAsync(RandomNumberGenerator.GetBytes(Chunk + 5));

        for (var at = 0; at < file.Length; at++)
        {
            var changed = file.ToArray();
            changed[at] ^= 1;
            await DamagedAsync(changed);
        }
    }

    [Fact]
    public async Task Should_be_refused_with_bytes_at_its_end() =>
        await DamagedAsync([.. (await WriteAsync(RandomNumberGenerator.GetBytes(10))).File, 0]);

    [Fact]
    public async Task Should_be_refused_with_its_chunks_in_another_order()
    {
        var (file, _) = await WriteAsync(RandomNumberGenerator.GetBytes(3 * Chunk));
        const int size = Chunk + PartFormat.TagBytes;
        var (first, second) = (file.AsSpan(PartFormat.HeaderBytes, size).ToArray(), file.AsSpan(PartFormat.HeaderBytes + size, size).ToArray());
        second.CopyTo(file, PartFormat.HeaderBytes);
        first.CopyTo(file, PartFormat.HeaderBytes + size);

        await DamagedAsync(file);
    }

    [Fact]
    public async Task Should_open_for_its_own_backup_part_and_key_only()
    {
        var (file, _) = await WriteAsync([1, 2, 3]);

        await DamagedAsync(file, part: "settings");
        await DamagedAsync(file, backup: Guid.CreateVersion7());
        await DamagedAsync(file, key: RandomNumberGenerator.GetBytes(PartFormat.KeyBytes));
    }

    [Fact]
    public async Task Should_never_look_the_same_twice()
    {
        var content = new byte[200];

        var (one, other) = ((await WriteAsync(content)).File, (await WriteAsync(content)).File);

        one[PartFormat.HeaderBytes..].ShouldNotBe(other[PartFormat.HeaderBytes..]);
    }

    [Fact]
    public async Task Should_name_a_version_that_it_does_not_read()
    {
        var (file, _) = await WriteAsync([1]);
        file[4] = 2;

        (await Should.ThrowAsync<BackupDamagedException>(() => ReadAsync(file))).Message.ShouldContain("version 2 of the format, and this program reads version 1: use a newer program");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(PartFormat.HeaderBytes + 20)]
    public async Task Should_report_the_store_when_its_connection_breaks(int after)
    {
        var (file, _) = await WriteAsync(RandomNumberGenerator.GetBytes(3 * Chunk));
        var broken = new BreakingStream(file[..after]);

        var error = await Should.ThrowAsync<ObjectStoreException>(async () =>
        {
            await using var reader = await PartReader.OpenAsync(broken, Key, Backup, "rows", TestContext.Current.CancellationToken);
            await reader.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        });

        (error.System, error.Kind).ShouldBe(("s3", FailureKind.Outage), "and nothing else, such as the server that the rows go to");
    }

    // Written by another implementation of the format. Later versions of this program must still read it.
    [Fact]
    public async Task Should_read_a_file_of_version_1()
    {
        var file = Convert.FromHexString(
            "5341474201000000100000000000000000000000000000000000000000000000000000000000000000" +
            "f2ff0ab824a82d66f002a552f92fb6150a125f7fb22f030b66c3df5b7a00953995ee0063e0907bc0ec04e9d1241bc0ab3edc85");

        (await ReadAsync(file, new byte[PartFormat.KeyBytes], Guid.Empty)).ShouldBe("a part of version 1"u8.ToArray());
    }

    private static async Task<(byte[] File, PartWriter Writer)> WriteAsync(byte[] content)
    {
        var target = new MemoryStream();
        var writer = new PartWriter(target, Key, Backup, "rows", Chunk);
        await using (writer)
        {
            await writer.WriteAsync(content, TestContext.Current.CancellationToken);
            await writer.CompleteAsync(TestContext.Current.CancellationToken);
        }

        return (target.ToArray(), writer);
    }

    private static async Task<byte[]> ReadAsync(byte[] file, byte[]? key = null, Guid? backup = null, string part = "rows")
    {
        await using var reader = await PartReader.OpenAsync(new MemoryStream(file), key ?? Key, backup ?? Backup, part, TestContext.Current.CancellationToken);
        var content = new MemoryStream();
        await reader.CopyToAsync(content, TestContext.Current.CancellationToken);
        return content.ToArray();
    }

    private static async Task DamagedAsync(byte[] file, byte[]? key = null, Guid? backup = null, string part = "rows") =>
        await Should.ThrowAsync<BackupDamagedException>(() => ReadAsync(file, key, backup, part));

    private sealed class BreakingStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position == Length ? throw new IOException("The connection was reset.") : base.ReadAsync(buffer, cancellationToken);
    }
}
