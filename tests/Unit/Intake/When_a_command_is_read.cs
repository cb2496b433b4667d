using System.Text;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_command_is_read
{
    [Theory]
    [InlineData("{\"name\":\"A\",\"isolaton\":\"database\",\"Plan\":\"x\"}", "/isolaton /Plan")]
    [InlineData("{\"slug\":5,\"features\":{\"a\":\"yes\",\"b\":null},\"settings\":[]}", "/slug /features/a /features/b /settings")]
    [InlineData("{\"domain\":\"\\ud83d\"}", "/domain")]
    public void Should_name_unknown_fields_and_wrong_types(string json, string pointers)
    {
        Read(json, hasKey: true, out var errors).ShouldBeNull();

        string.Join(' ', errors.Select(e => e.Pointer)).ShouldBe(pointers);
    }

    [Fact]
    public void Should_take_null_for_absent_and_leave_missing_fields_to_the_rules()
    {
        var command = Read("""{"slug":"acme","domain":null,"features":null,"settings":{"a":[1]}}""", hasKey: true, out var errors);

        errors.ShouldBeEmpty();
        command!.ShouldSatisfyAllConditions(
            c => c.Slug.ShouldBe("acme"), c => c.Name.ShouldBeNull(), c => c.Domain.ShouldBeNull(), c => c.Features.ShouldBeNull(),
            c => c.Settings!["a"].GetRawText().ShouldBe("[1]"));
    }

    [Fact]
    public void Should_take_a_key_only_where_the_door_has_none_of_its_own()
    {
        Read("""{"idempotencyKey":"k"}""", hasKey: true, out _)!.IdempotencyKey.ShouldBe("k");
        Read("""{"idempotencyKey":"k"}""", hasKey: false, out var errors).ShouldBeNull();

        errors.Single().Pointer.ShouldBe("/idempotencyKey");
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("[]")]
    [InlineData("")]
    public void Should_refuse_json_that_two_readers_could_read_differently(string json) =>
        CommandJson.TryParse(Encoding.UTF8.GetBytes(json), out _, out _).ShouldBeFalse();

    private static ProvisionTenant? Read(string json, bool hasKey, out IReadOnlyList<FieldError> errors)
    {
        CommandJson.TryParse(Encoding.UTF8.GetBytes(json), out var document, out _).ShouldBeTrue();
        using (document)
            return CommandReader.Read<ProvisionTenant>(document!.RootElement, hasKey, out errors);
    }
}
