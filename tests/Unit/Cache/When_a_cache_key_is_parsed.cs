using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Cache;

public sealed class When_a_cache_key_is_parsed
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\0")]
    [InlineData("\u0085")]
    public void Should_refuse_an_invalid_name(string? text) => CacheKey.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Should_refuse_a_lone_surrogate() => CacheKey.TryParse("a" + (char)0xD800, out _).ShouldBeFalse();

    [Fact]
    public void Should_count_bytes()
    {
        CacheKey.TryParse(new string('a', CacheKey.MaxBytes), out _).ShouldBeTrue();
        CacheKey.TryParse(new string('é', CacheKey.MaxBytes / 2), out _).ShouldBeTrue();
        CacheKey.TryParse(new string('é', (CacheKey.MaxBytes / 2) + 1), out _).ShouldBeFalse();
    }

    [Fact]
    public void Should_end_the_tenants_prefix_so_that_no_other_begins_with_it()
    {
        CacheKey.Prefix(TenantId.Parse("01890000-0000-7000-8000-000000000001")).ShouldBe("t:01890000-0000-7000-8000-000000000001:");
    }
}
