using System.Text;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_body_is_malformed(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    [Theory]
    [InlineData("", "The body is empty: send a JSON object.")]
    [InlineData(" \r\n", "The body is empty: send a JSON object.")]
    [InlineData("\uFEFF{}", "The body begins with a byte order mark: remove it.")]
    [InlineData("{", "Line 1, byte 2: not well-formed.")]
    [InlineData("{\n  \"name\": oops }", "Line 2, byte 11: not well-formed.")]
    [InlineData("{\"name\":\"Acme\",}", "Line 1, byte 16: not well-formed.")]
    [InlineData("{} {}", "Line 1, byte 4: not well-formed.")]
    [InlineData("{/*comment*/}", "Line 1, byte 2: not well-formed.")]
    [InlineData("[]", "The body must be a JSON object.")]
    [InlineData("null", "The body must be a JSON object.")]
    [InlineData("\"text\"", "The body must be a JSON object.")]
    [InlineData("{\"name\":\"a\",\n\"name\":\"b\"}", "Line 2, byte 1: the member 'name' appears twice.")]
    [InlineData("{\"name\":\"a\",\"n\\u0061me\":\"b\"}", "Line 1, byte 13: the member 'name' appears twice.")]
    [InlineData("{\"features\":{\"biometric_auth\":true,\"biometric_auth\":false}}", "Line 1, byte 36: the member 'biometric_auth' appears twice.")]
    [InlineData("{\"\\ud83d\":1}", "Line 1, byte 2: the member's name contains half of a surrogate pair.")]
    [InlineData("{\"features\":{\"\\ud83d\":true}}", "Line 1, byte 14: the member's name contains half of a surrogate pair.")]
    public async Task Should_say_what_is_wrong_and_where(string body, string detail)
    {
        using var response = await PostTextAsync(body);

        (await ProblemAsync(response, 400, "malformed-json")).GetProperty("detail").GetString().ShouldBe(detail);
        (await RowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(10_000)]
    public async Task Should_refuse_what_is_nested_too_deep(int levels)
    {
        using var response = await PostTextAsync($"{{\"settings\":{new string('[', levels)}{new string(']', levels)}}}");

        (await ProblemAsync(response, 400, "malformed-json")).GetProperty("detail").GetString().ShouldBe("Line 1, byte 44: nested deeper than 32 levels.");
    }

    [Fact]
    public async Task Should_refuse_other_encodings()
    {
        using var content = new ByteArrayContent([.. Encoding.ASCII.GetBytes("{\"name\":\""), 0xE4, .. Encoding.ASCII.GetBytes("\"}")]);
        content.Headers.ContentType = new("application/json");
        using var response = await Server.Admin.PostAsync(new Uri("/api/v1/tenants", UriKind.Relative), content);

        (await ProblemAsync(response, 400, "malformed-json")).GetProperty("detail").GetString().ShouldBe("The body is not UTF-8.");
    }
}
