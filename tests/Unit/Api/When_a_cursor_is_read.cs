using Saga.Registry.Paging;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

public sealed class When_a_cursor_is_read
{
    // A request's first line may have 8 KiB.
    private const int MaxLength = 6000;

    [Theory]
    [InlineData("a")]
    [InlineData("\"")]
    [InlineData("ä")]
    [InlineData("名")]
    public void Should_continue_after_a_name_of_a_thousand_letters(string letter)
    {
        foreach (var sort in (string[])["place", "name"])
        {
            var cursor = new Cursor(sort, string.Concat(Enumerable.Repeat(letter, 1000)), Guid.NewGuid());

            cursor.ToString().Length.ShouldBeLessThan(MaxLength);
            Cursor.TryParse(cursor.ToString(), sort, out var read).ShouldBeTrue();
            read.ShouldBe(cursor);
        }
    }

    [Theory]
    [InlineData("place", 1001)]
    [InlineData("name", 1001)]
    [InlineData("place", 100_000)]
    [InlineData("slug", 64)]
    [InlineData("name", 0)]
    public void Should_refuse_a_key_that_no_page_had(string sort, int length) =>
        Cursor.TryParse(new Cursor(sort, new string('a', length), Guid.NewGuid()).ToString(), sort, out _).ShouldBeFalse();

    [Fact]
    public void Should_read_what_an_earlier_version_wrote()
    {
        var id = Guid.NewGuid();
        var escaped = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes($"[\"name\",\"\\u00E4\",\"{id:n}\"]"));

        Cursor.TryParse(escaped, "name", out var read).ShouldBeTrue();
        read.ShouldBe(new Cursor("name", "ä", id));
    }
}
