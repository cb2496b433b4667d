using System.Text.Json.Nodes;
using Saga.Lifecycle.Update;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

/// <summary>The cases of RFC 7396, appendix A.</summary>
public sealed class When_a_merge_patch_is_applied
{
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void Should_give_the_standards_result(string target, string patch, string expected)
    {
        var node = JsonNode.Parse(target);

        var merged = MergePatch.Apply(node, Commands.Element(patch));

        JsonNode.DeepEquals(merged, JsonNode.Parse(expected)).ShouldBeTrue(merged?.ToJsonString() ?? "null");
        JsonNode.DeepEquals(node, JsonNode.Parse(target)).ShouldBeTrue("the target is not changed");
    }
}
