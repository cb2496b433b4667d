using Saga.Contracts.Commands;
using Saga.Lifecycle.Plans;
using Saga.Lifecycle.Provision;
using Saga.Registry.Plans;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_tenant_has_limits_of_its_own
{
    private static readonly Plan Premium = Commands.Plan;

    private static readonly Plan Custom = Commands.Plan with
    {
        Name = "custom", Limits = new() { Users = 100_000, StorageGib = 10_240, DatabaseConnections = 10, OwnLimits = OwnLimitRule.AtLeast },
    };

    [Theory]
    [InlineData(null, null)]
    [InlineData(1, 1L)]
    [InlineData(1000, 100L)]
    public void Should_allow_up_to_the_plans(int? users, long? storage) => Pointers(Premium, users, storage).ShouldBe("");

    [Theory]
    [InlineData(0, null, "/maxUsers")]
    [InlineData(-1, null, "/maxUsers")]
    [InlineData(1001, null, "/maxUsers")]
    [InlineData(null, 0L, "/maxStorage")]
    [InlineData(null, 101L, "/maxStorage")]
    [InlineData(int.MaxValue, long.MaxValue, "/maxUsers /maxStorage")]
    public void Should_refuse_more_than_the_plans(int? users, long? storage, string pointers) => Pointers(Premium, users, storage).ShouldBe(pointers);

    [Theory]
    [InlineData(null, null, "")]
    [InlineData(100_000, 10_240L, "")]
    [InlineData(int.MaxValue, OwnLimits.MostStorage, "")]
    [InlineData(99_999, null, "/maxUsers")]
    [InlineData(null, 10_239L, "/maxStorage")]
    [InlineData(null, OwnLimits.MostStorage + 1, "/maxStorage")]
    public void Should_allow_from_the_plans_where_tenants_begin_there(int? users, long? storage, string pointers) => Pointers(Custom, users, storage).ShouldBe(pointers);

    [Fact]
    public void Should_give_the_numbers_and_the_plan()
    {
        ProvisionValidation.Validate(Commands.Valid with { MaxUsers = 1001, MaxStorage = 101 }, Premium, Commands.Reserved, out var errors).ShouldBeNull();

        errors.ShouldBe([new FieldError("/maxUsers", "must be from 1 to 1000 with plan premium"), new FieldError("/maxStorage", "must be from 1 to 100 GiB with plan premium")]);
    }

    [Fact]
    public void Should_be_kept_with_the_tenant()
    {
        var row = Commands.Validate(Commands.Valid with { MaxUsers = 5, MaxStorage = 7 }, out _)!.ToNewTenant();

        (row.MaxUsers, row.MaxStorageGib, row.PlanVersion).ShouldBe((5, 7, 1));
    }

    private static string Pointers(Plan plan, int? users, long? storage)
    {
        ProvisionValidation.Validate(Commands.Valid with { MaxUsers = users, MaxStorage = storage }, plan, Commands.Reserved, out var errors);
        return string.Join(' ', errors.Select(e => e.Pointer));
    }
}
