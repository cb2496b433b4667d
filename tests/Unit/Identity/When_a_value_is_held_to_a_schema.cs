using System.Text.Json;
using Saga.Tests.Support.Keycloak.OpenApi;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Identity;

/// <summary>Tests the validator behind the Keycloak stub, because no test of the client would notice what it misses.</summary>
public sealed class When_a_value_is_held_to_a_schema
{
    private const string Document =
        """
        {
          "paths": {
            "/things/{id}": { "get": { "responses": { "200": {} } } },
            "/things/own": { "get": { "parameters": [{"name":"a","in":"query","required":true,"schema":{"type":"integer"}}], "responses": { "200": {} } } }
          },
          "components": { "schemas": {
            "Thing": {
              "type": "object", "required": ["name"],
              "properties": {
                "name": {"type":"string"}, "small": {"type":"integer","format":"int32"}, "large": {"type":"integer","format":"int64"},
                "kind": {"type":"string","enum":["A","B"]}, "flag": {"type":"boolean"}, "maybe": {"type":"string","nullable":true},
                "tags": {"type":"array","uniqueItems":true,"items":{"type":"string"}}, "child": {"$ref":"#/components/schemas/Thing"},
                "map": {"type":"object","additionalProperties":{"type":"array","items":{"type":"string"}}}, "free": {"type":"object"}
              }
            }
          } }
        }
        """;

    [Theory]
    [InlineData("""{"name":"a"}""")]
    [InlineData("""{"name":"a","small":2147483647,"large":2147483648,"kind":"B","flag":false,"maybe":null}""")]
    [InlineData("""{"name":"a","tags":["x","y"],"child":{"name":"b","child":{"name":"c"}},"map":{"k":["v"]},"free":{"x":1}}""")]
    public void Should_let_pass_what_fits(string json) => Check(json).ShouldBeEmpty();

    [Theory]
    [InlineData("""{}""", "$.name is required")]
    [InlineData("""[]""", "$ is not of type object")]
    [InlineData("""{"name":1}""", "$.name is not of type string")]
    [InlineData("""{"name":null}""", "$.name may not be null")]
    [InlineData("""{"name":"a","nmae":"b"}""", "$.nmae is unknown")]
    [InlineData("""{"name":"a","small":2147483648}""", "$.small is not of type integer")]
    [InlineData("""{"name":"a","small":1.5}""", "$.small is not of type integer")]
    [InlineData("""{"name":"a","flag":"true"}""", "$.flag is not of type boolean")]
    [InlineData("""{"name":"a","kind":"C"}""", "$.kind is none of [\"A\",\"B\"]")]
    [InlineData("""{"name":"a","tags":["x","x"]}""", "$.tags holds an item twice")]
    [InlineData("""{"name":"a","tags":["x",1]}""", "$.tags[1] is not of type string")]
    [InlineData("""{"name":"a","child":{"name":"b","other":1}}""", "$.child.other is unknown")]
    [InlineData("""{"name":"a","map":{"k":"v"}}""", "$.map.k is not of type array")]
    public void Should_name_what_does_not(string json, string error) => Check(json).ShouldBe([error]);

    [Fact]
    public void Should_prefer_a_literal_path_and_miss_its_parameter()
    {
        var document = OpenApiDocument.Parse(Document);

        document.Find("GET", "/things/7").ShouldNotBeNull().Template.ShouldBe("/things/{id}");
        var own = document.Find("GET", "/things/own").ShouldNotBeNull();
        own.CheckRequest([], null, "").ShouldBe(["GET /things/own: query parameter 'a' is required"]);
        own.CheckRequest([new("a", "x")], null, "").ShouldBe(["GET /things/own: query parameter 'a' cannot be 'x'"]);
        document.Find("POST", "/things/7").ShouldBeNull();
        document.Find("GET", "/thing").ShouldBeNull();
    }

    private static IReadOnlyList<string> Check(string json)
    {
        using var schema = JsonDocument.Parse("""{"$ref":"#/components/schemas/Thing"}""");
        using var value = JsonDocument.Parse(json);
        return [.. new SchemaValidator(OpenApiDocument.Parse(Document)).Check(schema.RootElement, value.RootElement, "$")];
    }
}
