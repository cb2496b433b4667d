using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_an_idempotency_key_is_given
{
    [Theory]
    [InlineData("k", true)]
    [InlineData("!~", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("é", false)]
    [InlineData("a\n", false)]
    public void Should_restrict_idempotency_keys_to_visible_ascii(string key, bool good) =>
        IdempotencyKeys.IsValid(key).ShouldBe(good);

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Should_limit_idempotency_keys(int length, bool good) =>
        IdempotencyKeys.IsValid(new string('k', length)).ShouldBe(good);
}
