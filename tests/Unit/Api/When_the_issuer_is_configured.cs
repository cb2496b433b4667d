using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

public sealed class When_the_issuer_is_configured
{
    [Theory]
    [InlineData("https://id.example.com/realms/saga", true)]
    [InlineData("https://id.example.com", true)]
    [InlineData("http://127.0.0.1:5080", false)]
    [InlineData("http://localhost:5080/realms/saga", false)]
    public void Should_take_https_and_this_machine(string authority, bool https) =>
        Faults(authority, "saga-api", https).ShouldBeEmpty();

    [Theory]
    [InlineData("", true, "Saga:Auth:Authority must be")]
    [InlineData("id.example.com", true, "Saga:Auth:Authority must be")]
    [InlineData("ftp://id.example.com", true, "Saga:Auth:Authority must be")]
    [InlineData("https://id.example.com?x=1", true, "Saga:Auth:Authority must be")]
    [InlineData("https://user:secret@id.example.com", true, "Saga:Auth:Authority must be")]
    [InlineData("http://127.0.0.1:5080", true, "set Saga:Auth:RequireHttps to false")]
    [InlineData("http://id.example.com", false, "Use https")]
    [InlineData("http://127.0.0.1.example.com", false, "Use https")]
    public void Should_name_the_key_and_what_it_expects(string authority, bool https, string fault)
    {
        var found = Faults(authority, "saga-api", https).ShouldHaveSingleItem();

        found.ShouldContain(fault);
        found.ShouldNotContain("secret@");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Should_need_an_audience(string audience) =>
        Faults("https://id.example.com", audience, true).ShouldHaveSingleItem().ShouldStartWith("Saga:Auth:Audience must be");

    private static string[] Faults(string authority, string audience, bool https) =>
        [.. new AuthOptionsRules().Validate(null, new() { Authority = authority, Audience = audience, RequireHttps = https }).Failures ?? []];
}
