using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Objects;

public sealed class When_a_key_is_parsed
{
    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("./a")]
    [InlineData("a/../b")]
    [InlineData("../t10/a")]
    [InlineData("a/..")]
    [InlineData("a\\b")]
    [InlineData("..\\a")]
    [InlineData("%2e%2e/a")]
    [InlineData("a%")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u007f")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    public void Should_refuse_paths_that_lead_outside(string text)
    {
        ObjectKey.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => ObjectKey.Parse(text)).Message.ShouldContain(ObjectKey.Rule);
    }

    [Theory]
    [InlineData(0xD800)]
    [InlineData(0xDC00)]
    public void Should_refuse_a_lone_surrogate(int half)
    {
        ObjectKey.TryParse("a" + (char)half, out _).ShouldBeFalse();
        ObjectKey.TryParse((char)half + "a", out _).ShouldBeFalse();
    }

    [Fact]
    public void Should_refuse_nothing_at_all() => ObjectKey.TryParse(null, out _).ShouldBeFalse();

    [Theory]
    [InlineData("a")]
    [InlineData("a/b.c")]
    [InlineData("...")]
    [InlineData("a..b/.c")]
    [InlineData(" ")]
    [InlineData("t1/t10")]
    [InlineData("😀/語")]
    public void Should_take_ordinary_names(string text) => ObjectKey.Parse(text).ToString().ShouldBe(text);

    [Fact]
    public void Should_count_bytes_of_the_whole_key()
    {
        ObjectKey.TryParse(new string('a', ObjectKey.MaxBytes), out _).ShouldBeTrue();
        ObjectKey.TryParse(new string('a', ObjectKey.MaxBytes + 1), out _).ShouldBeFalse();
        ObjectKey.TryParse(new string('é', (ObjectKey.MaxBytes / 2) + 1), out _).ShouldBeFalse();
        (ObjectKey.Prefix(new TenantId(Guid.NewGuid())).Length + ObjectKey.MaxBytes).ShouldBe(1024);
    }

    [Fact]
    public void Should_make_one_key_of_two_spellings()
    {
        ObjectKey.Parse("cafe\u0301").ShouldBe(ObjectKey.Parse("caf\u00e9"));
        ObjectKey.Parse("\u212B").ShouldBe(ObjectKey.Parse("\u00C5"));
        ObjectKey.Parse("\u1112\u1161\u11ab").ShouldBe(ObjectKey.Parse("\ud55c"));
    }

    [Fact]
    public void Should_not_join_a_mark_across_another_of_its_class() =>
        ObjectKey.Parse("a\u0305\u0301").ToString().ShouldBe("a\u0305\u0301");

    [Fact]
    public void Should_compose_as_unicode_says()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Objects", "normalization-cases.txt");
        var cases = File.ReadAllLines(path).Where(l => !l.StartsWith('#')).ToList();
        cases.Count.ShouldBe(400);

        foreach (var line in cases)
        {
            var sides = line.Split('=').Select(s => string.Concat(s.Split(' ').Select(h => char.ConvertFromUtf32(int.Parse(h, NumberStyles.HexNumber, CultureInfo.InvariantCulture))))).ToList();
            if (ObjectKey.TryParse(sides[0], out var key))
                key.ToString().ShouldBe(sides[1], line);
        }
    }

    [Fact]
    public void Should_never_be_nameless() => Should.Throw<InvalidOperationException>(() => default(ObjectKey).ToString());
}
