using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Saga.Workers.Backup.Format;
using Saga.Workers.Exports;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Exports;

public sealed class When_an_export_is_archived
{
    private static readonly DateTimeOffset At = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Should_be_written_asynchronously_with_checksums_that_are_right()
    {
        var target = new Asynchronous();
        await using (var archive = await ExportArchive.CreateAsync(target, At, default))
        {
            foreach (var (name, size) in new[] { ("a.json", 0), ("b/c.json", 10), ("big.bin", 3_000_000) })
                await archive.AddAsync(name, content => content.WriteAsync(RandomNumberGenerator.GetBytes(size)).AsTask(), default);
            await archive.CompleteAsync(default);
        }

        using var zip = new ZipArchive(new MemoryStream(target.Content.ToArray()));
        zip.Entries.Select(e => e.FullName).ShouldBe(["a.json", "b/c.json", "big.bin", "checksums.sha256"]);
        var expected = string.Concat(zip.Entries.SkipLast(1).Select(e => $"{Convert.ToHexStringLower(SHA256.HashData(e.Open()))}  {e.FullName}\n"));
        new StreamReader(zip.Entries[^1].Open()).ReadToEnd().ShouldBe(expected);
    }

    [Theory]
    [InlineData("invoices/1.pdf", "media/files/invoices/1.pdf")]
    [InlineData("../../etc/passwd", "media/unnamed/7")]
    [InlineData("/etc/passwd", "media/unnamed/7")]
    [InlineData("a\\..\\b", "media/unnamed/7")]
    [InlineData("C:/x", "media/unnamed/7")]
    [InlineData("a//b", "media/unnamed/7")]
    public void Should_unpack_to_its_own_folder_whatever_an_object_is_called(string key, string path) => ExportArchive.PathOf(key, 7).ShouldBe(path);

    [Fact]
    public async Task Should_quote_what_would_break_a_line_of_csv()
    {
        var content = new MemoryStream();
        var records = new RecordWriter(content, "csv", ["a", "b"]);
        await records.AddAsync(["x,\"y\"\nz", null], default);
        await records.AddAsync([true, At], default);
        await records.CompleteAsync(default);

        Encoding.UTF8.GetString(content.ToArray()).ShouldBe("a,b\r\n\"x,\"\"y\"\"\nz\",\r\ntrue,2027-01-31T12:00:00.0000000+00:00\r\n");
    }

    [Theory]
    [InlineData("csv", "a\r\n")]
    [InlineData("json", "[]\n")]
    public async Task Should_be_well_formed_without_records(string format, string text)
    {
        var content = new MemoryStream();
        await new RecordWriter(content, format, ["a"]).CompleteAsync(default);

        Encoding.UTF8.GetString(content.ToArray()).ShouldBe(text);
    }

    // As an upload is: it refuses to be written synchronously.
    private sealed class Asynchronous : WriteOnlyStream
    {
        public MemoryStream Content { get; } = new();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => Content.WriteAsync(buffer, cancellationToken);
    }
}
