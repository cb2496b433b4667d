using System.Text.Json;
using Saga.Lifecycle.Plans;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Plans;

public sealed class When_a_value_is_held_to_a_schema
{
    private const string Policy = """{"type":"object","additionalProperties":false,"required":["minLength"],"properties":{"minLength":{"type":"integer","minimum":8,"maximum":128},"upper":{"type":"boolean"}}}""";

    [Theory]
    [InlineData(Policy, """{"minLength":8}""", null)]
    [InlineData(Policy, """{"minLength":12.0,"upper":true}""", null)]
    [InlineData(Policy, """{"minLength":7}""", "has a wrong member 'minLength': it must be at least 8")]
    [InlineData(Policy, """{"minLength":129}""", "has a wrong member 'minLength': it must be at most 128")]
    [InlineData(Policy, """{"minLength":8.5}""", "has a wrong member 'minLength': it must be an integer")]
    [InlineData(Policy, """{"minLength":"8"}""", "has a wrong member 'minLength': it must be an integer")]
    [InlineData(Policy, """{"minLength":null}""", "has a wrong member 'minLength': it must be an integer")]
    [InlineData(Policy, """{"minLength":1e400}""", "has a wrong member 'minLength': it must be an integer")]
    [InlineData(Policy, """{"upper":true}""", "needs the member 'minLength'")]
    [InlineData(Policy, """{"minLength":8,"lower":true}""", "has the member 'lower'; there are minLength, upper")]
    [InlineData(Policy, "[]", "must be an object")]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"a\"", null)]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"c\"", "must be one of \"a\", \"b\"")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"👩‍🚀\"", null)]
    [InlineData("""{"type":"string","minLength":2}""", "\"a\"", "must be at least 2 characters long")]
    [InlineData("""{"type":"string","maxLength":3}""", "\"abcd\"", "must be at most 3 characters long")]
    [InlineData("""{"type":"array","maxItems":2,"items":{"type":"number","minimum":0.5}}""", "[1, 0.5]", null)]
    [InlineData("""{"type":"array","maxItems":2,"items":{"type":"number","minimum":0.5}}""", "[1, 0.4]", "has a wrong item 2: it must be at least 0.5")]
    [InlineData("""{"type":"array","maxItems":2}""", "[1, 2, 3]", "must be at most 2 items long")]
    [InlineData("""{"type":"boolean"}""", "1", "must be a boolean")]
    public void Should_say_what_is_wrong(string schema, string value, string? error)
    {
        JsonSchemaRules.SchemaError(JsonElement.Parse(schema)).ShouldBeNull();

        JsonSchemaRules.Error(JsonElement.Parse(schema), JsonElement.Parse(value)).ShouldBe(error);
    }

    [Theory]
    [InlineData("[]", "must be an object")]
    [InlineData("{}", "needs type, one of object, array, string, integer, number, boolean")]
    [InlineData("""{"type":["string","null"]}""", "needs type, one of object, array, string, integer, number, boolean")]
    [InlineData("""{"type":"text"}""", "needs type, one of object, array, string, integer, number, boolean")]
    [InlineData("""{"type":"string","enum":[]}""", "has an empty enum")]
    [InlineData("""{"type":"string","minLength":-1}""", "needs a whole number as minLength")]
    [InlineData("""{"type":"number","minimum":"1"}""", "has minimum of the wrong type")]
    [InlineData("""{"type":"number","maximum":1e400}""", "has maximum that is too large")]
    [InlineData("""{"type":"object","required":[1]}""", "needs names in required")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""", "has additionalProperties of the wrong type")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"x"}}}}""", "in 'a': in items: needs type, one of object, array, string, integer, number, boolean")]
    public void Should_refuse_a_schema_that_it_could_not_keep(string schema, string error) => JsonSchemaRules.SchemaError(JsonElement.Parse(schema)).ShouldBe(error);

    [Fact]
    public void Should_refuse_a_keyword_instead_of_ignoring_it() =>
        JsonSchemaRules.SchemaError(JsonElement.Parse("""{"type":"string","pattern":"^a$"}"""))!.ShouldStartWith("has the keyword 'pattern'; there are type,");

    [Fact]
    public void Should_refuse_a_schema_that_is_too_deep()
    {
        var schema = "{\"type\":\"string\"}";
        for (var i = 0; i < 9; i++)
            schema = $$"""{"type":"array","items":{{schema}}}""";

        JsonSchemaRules.SchemaError(JsonElement.Parse(schema))!.ShouldEndWith("must be at most 8 levels deep");
    }
}
