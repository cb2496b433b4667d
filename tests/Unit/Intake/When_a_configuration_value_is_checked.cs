using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Config;
using Saga.Registry.Plans;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_configuration_value_is_checked
{
    private static readonly Plan Plan = Commands.Plan with
    {
        Settings = new Dictionary<string, PlanSetting>
        {
            ["login"] = new() { Value = Commands.Element("{}"), Schema = Commands.Element("""{"type":"object","properties":{"user":{"type":"string"}},"additionalProperties":false}""") },
        },
    };

    [Fact]
    public void Should_say_nothing_of_an_encrypted_value_that_is_wrong()
    {
        const string secret = "hunter2";

        var error = Error(secret, encrypted: true);

        (error.Pointer, error.Detail.Contains(secret, StringComparison.Ordinal)).ShouldBe(("/configValue", false));
        Error(secret, encrypted: false).Detail.ShouldContain(secret, customMessage: "others may be quoted, which helps their sender");
    }

    private static FieldError Error(string member, bool encrypted)
    {
        ConfigValidation.Validate(
            new SetConfig
            {
                TenantId = new(Guid.CreateVersion7()), ConfigKey = "login", IsEncrypted = encrypted,
                ConfigValue = JsonSerializer.SerializeToElement(new Dictionary<string, string> { [member] = "x" }),
            },
            Plan, out var errors).ShouldBeNull();
        return errors.ShouldHaveSingleItem();
    }
}
