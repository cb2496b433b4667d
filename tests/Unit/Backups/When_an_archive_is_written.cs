using Saga.Workers.Backup.Format;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_an_archive_is_written
{
    [Fact]
    public async Task Should_give_back_each_entry_with_its_content()
    {
        var archive = await WriteAsync();

        (await ReadAsync(archive)).ShouldBe([("users", "12345"), ("nothing", ""), ("documents", "6")]);
    }

    [Fact]
    public async Task Should_be_refused_wherever_it_is_cut_short()
    {
        var archive = await WriteAsync();

        for (var length = 0; length < archive.Length; length++)
            await Should.ThrowAsync<BackupDamagedException>(() => ReadAsync(archive[..length]));
    }

    [Fact]
    public async Task Should_be_refused_with_a_length_that_nobody_writes() =>
        await Should.ThrowAsync<BackupDamagedException>(() => ReadAsync([0xff, 0xff, 0xff, 0xff]));

    private static async Task<byte[]> WriteAsync()
    {
        var target = new MemoryStream();
        var writer = new ArchiveWriter(target);
        foreach (var (name, pieces) in new (string, string[])[] { ("users", ["123", "", "45"]), ("nothing", []), ("documents", ["6"]) })
        {
            await writer.BeginAsync(new Entry(name), TestContext.Current.CancellationToken);
            foreach (var piece in pieces)
                await writer.WriteAsync(System.Text.Encoding.UTF8.GetBytes(piece), TestContext.Current.CancellationToken);
            await writer.EndAsync(TestContext.Current.CancellationToken);
        }

        await writer.CompleteAsync(TestContext.Current.CancellationToken);
        return target.ToArray();
    }

    private static async Task<List<(string Name, string Content)>> ReadAsync(byte[] archive)
    {
        var reader = new ArchiveReader(new MemoryStream(archive));
        var entries = new List<(string, string)>();
        var buffer = new byte[2];
        while (await reader.NextAsync<Entry>(TestContext.Current.CancellationToken) is { } entry)
        {
            var content = new MemoryStream();
            while (await reader.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
                content.Write(buffer, 0, read);
            entries.Add((entry.Name, System.Text.Encoding.UTF8.GetString(content.ToArray())));
        }

        return entries;
    }

    private sealed record Entry(string Name);
}
