using System.Text.Json;
using Saga.Contracts.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_overrides_are_validated
{
    [Theory]
    [InlineData("minutes", "0")]
    [InlineData("minutes", "90")]
    [InlineData("minutes", "25.0")]
    [InlineData("minutes", "2.5e1")]
    [InlineData("minutes", "2147483647")]
    [InlineData("digits", "8")]
    [InlineData("digits", "128")]
    [InlineData("ratio", "0.25")]
    [InlineData("ratio", "2")]
    [InlineData("strict", "false")]
    [InlineData("greeting", "\"Grüezi\"")]
    [InlineData("hosts", "[\"a\", {\"b\": 1}]")]
    public void Should_take_values_of_the_defaults_type(string key, string value) =>
        Commands.Faults(With(key, value)).ShouldBe("");

    [Theory]
    [InlineData("minutes", "\"90\"")]
    [InlineData("minutes", "90.5")]
    [InlineData("minutes", "-1")]
    [InlineData("minutes", "1e400")]
    [InlineData("minutes", "2147483648")]
    [InlineData("digits", "7")]
    [InlineData("digits", "129")]
    [InlineData("ratio", "-0.5")]
    [InlineData("ratio", "1e20")]
    [InlineData("minutes", "null")]
    [InlineData("minutes", "true")]
    [InlineData("ratio", "\"0.5\"")]
    [InlineData("ratio", "1e400")]
    [InlineData("strict", "1")]
    [InlineData("strict", "\"true\"")]
    [InlineData("greeting", "5")]
    [InlineData("greeting", "null")]
    [InlineData("greeting", "\"nul \\u0000\"")]
    [InlineData("greeting", "\"half \\ud83d\"")]
    [InlineData("hosts", "{}")]
    [InlineData("hosts", "[\"\\u0000\"]")]
    [InlineData("hosts", "[{\"\\u0000\": 1}]")]
    [InlineData("hosts", "[1e400]")]
    public void Should_refuse_values_of_another_type(string key, string value) =>
        Commands.Faults(With(key, value)).ShouldBe($"/settings/{key}");

    [Theory]
    [InlineData("signingSecret")]
    [InlineData("sealedText")]
    public void Should_not_let_secrets_in(string key)
    {
        Commands.Validate(With(key, "\"mine\""), out var errors).ShouldBeNull();

        errors.ShouldHaveSingleItem().Detail.ShouldContain("sealed");
    }

    [Fact]
    public void Should_limit_values()
    {
        Commands.Faults(With("greeting", $"\"{new string('g', 4094)}\"")).ShouldBe("");
        Commands.Faults(With("greeting", $"\"{new string('g', 4095)}\"")).ShouldBe("/settings/greeting");
    }

    [Theory]
    [InlineData("25.0", "25")]
    [InlineData("2.5e1", "25")]
    [InlineData("90", "90")]
    public void Should_store_whole_numbers_as_such(string given, string stored) =>
        Commands.Validate(With("minutes", given), out _)!.Settings["minutes"].GetRawText().ShouldBe(stored);

    [Fact]
    public void Should_name_the_bounds()
    {
        Commands.Validate(With("digits", "7"), out var errors).ShouldBeNull();

        errors.ShouldHaveSingleItem().Detail.ShouldBe("must be an integer from 8 to 128");
    }

    [Fact]
    public void Should_name_unknown_settings_and_those_there_are()
    {
        Commands.Validate(With("a/b~c", "1"), out var errors).ShouldBeNull();

        errors.ShouldHaveSingleItem().ShouldBe(
            new FieldError("/settings/a~1b~0c", "is not a setting of plan premium; it has digits, greeting, hosts, minutes, ratio, strict"));
    }

    [Fact]
    public void Should_name_unknown_features()
    {
        var command = Commands.Valid with { Features = new Dictionary<string, bool> { ["biometric_auth"] = false, ["teleport"] = true } };

        Commands.Faults(command).ShouldBe("/features/teleport");
    }

    [Fact]
    public void Should_limit_their_number()
    {
        var command = Commands.Valid with { Features = Enumerable.Range(0, 101).ToDictionary(i => $"f{i}", _ => true) };

        Commands.Validate(command, out var errors).ShouldBeNull();

        errors[0].Pointer.ShouldBe("/features");
        errors.Count.ShouldBe(101);
    }

    private static ProvisionTenant With(string key, string value) =>
        Commands.Valid with { Settings = new Dictionary<string, JsonElement> { [key] = Commands.Element(value) } };
}
