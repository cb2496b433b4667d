using Saga.Contracts.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

/// <summary>Provisioning takes the fields of a later update, by the same rules.</summary>
public sealed class When_a_profile_is_validated
{
    [Fact]
    public void Should_fill_in_what_is_absent()
    {
        var valid = Commands.Validate(Commands.Valid, out _)!;

        (valid.Description, valid.Phone, valid.Pool, valid.ReadReplica, valid.AutoUpdate, valid.MaintenanceWindow).ShouldBe((null, null, null, false, true, null));
    }

    [Fact]
    public void Should_take_what_is_given()
    {
        var valid = Commands.Validate(
            Commands.Valid with
            {
                Description = " Makes anvils. ", Phone = "+493012345678", Pool = new() { Maximum = 1 }, ReadReplica = true, AutoUpdate = false,
                MaintenanceWindow = new() { Days = ["sunday", "saturday"], Start = "23:59", DurationMinutes = 1440 },
            }, out _)!;

        (valid.Description, valid.Phone, valid.ReadReplica, valid.AutoUpdate).ShouldBe(("Makes anvils.", "+493012345678", true, false));
        valid.Pool.ShouldBe(new PoolSizes { Minimum = 0, Maximum = 1 });
        valid.MaintenanceWindow!.Days.ShouldBe(["saturday", "sunday"]);
    }

    [Fact]
    public void Should_name_every_fault_at_once() => Commands.Faults(Commands.Valid with
    {
        Description = new('x', 256), Phone = "12", Pool = new() { Minimum = 1, Maximum = 11 }, MaintenanceWindow = new(),
    }).ShouldBe("/description /phone /pool/maximum /maintenanceWindow/days /maintenanceWindow/start /maintenanceWindow/durationMinutes");

    [Theory]
    [InlineData("👩‍🚀", 255, true)]
    [InlineData("x", 255, true)]
    public void Should_count_characters_and_not_bytes(string text, int length, bool valid) =>
        (Commands.Faults(Commands.Valid with { Description = string.Concat(Enumerable.Repeat(text, length / text.EnumerateRunes().Count())) }).Length == 0).ShouldBe(valid);
}
