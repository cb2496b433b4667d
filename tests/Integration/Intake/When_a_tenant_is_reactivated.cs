using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Reactivate;
using Saga.Registry.Holds;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_tenant_is_reactivated : IntakeTest
{
    private static readonly Caller Ada = Caller.OfToken("ada");

    private ICommandIntake<ReactivateTenant> Reactivate => Intakes.Of<ReactivateTenant, ValidReactivation, ReactivatePlan>(Registry, new());

    [Fact]
    public async Task Should_open_what_was_closed_and_fix_the_codes_that_stand_now()
    {
        var tenant = await SuspendedAsync(HoldCode.Abuse, HoldCode.NonPayment);

        var accepted = Accepted(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default));
        // Somebody else finds another reason meanwhile.
        await HoldAsync(tenant, HoldCode.Request);

        (await StepsAsync(accepted)).ShouldBe(6);
        (await QueryAsync<string[]>("select codes from reactivations")).Order(StringComparer.Ordinal).ShouldBe(["abuse", "nonPayment"]);
        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(3, "they are lifted at the end");
    }

    [Fact]
    public async Task Should_only_lift_its_holds_while_another_closes_the_tenant()
    {
        var tenant = await SuspendedAsync(HoldCode.Abuse, HoldCode.NonPayment);

        var accepted = Accepted(await Reactivate.SubmitAsync(new() { TenantId = tenant, Codes = ["abuse"] }, Ada, default));

        (await StepsAsync(accepted)).ShouldBe(1);
        (await QueryAsync<string[]>("select codes from reactivations")).ShouldBe(["abuse"]);
    }

    [Theory]
    [InlineData(HoldCode.Deletion)]
    [InlineData(HoldCode.Move)]
    [InlineData(HoldCode.Restore)]
    public async Task Should_never_lift_the_holds_of_other_commands(HoldCode code)
    {
        var tenant = await SuspendedAsync(code);

        Rejected(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default)).Code.ShouldBe(RejectionCodes.NotSuspended);
        Rejected(await Reactivate.SubmitAsync(new() { TenantId = tenant, Codes = [HoldName(code)] }, Ada, default)).Errors.Single().Pointer.ShouldBe("/codes/0");
        await HoldAsync(tenant, HoldCode.Abuse);
        (await StepsAsync(Accepted(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default)))).ShouldBe(1, "the other hold keeps it closed");
    }

    [Fact]
    public async Task Should_open_nothing_for_a_limit_that_closed_nothing()
    {
        var tenant = await SuspendedAsync();
        await new HoldStore(Registry).SetAsync(tenant, HoldCode.LimitExceeded, HoldEffect.NoGrowth, "ada", "Too many users.", default);

        (await StepsAsync(Accepted(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default)))).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_refused_when_none_of_the_codes_stands()
    {
        var tenant = await SuspendedAsync(HoldCode.Abuse);

        var other = Rejected(await Reactivate.SubmitAsync(new() { TenantId = tenant, Codes = ["nonPayment", "request"] }, Ada, default));
        var active = Rejected(await Reactivate.SubmitAsync(new() { TenantId = await SuspendedAsync() }, Ada, default));

        other.Code.ShouldBe(RejectionCodes.NotSuspended);
        other.Detail.ShouldContain("'nonPayment', 'request'");
        active.Code.ShouldBe(RejectionCodes.NotSuspended);
    }

    [Fact]
    public async Task Should_be_refused_while_another_operation_runs()
    {
        var tenant = await SuspendedAsync(HoldCode.Abuse);
        Accepted(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default));

        Rejected(await Reactivate.SubmitAsync(new() { TenantId = tenant }, Ada, default)).Code.ShouldBe(RejectionCodes.OperationActive);

        (await QueryAsync<long>("select count(*) from reactivations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_name_every_broken_rule()
    {
        var rejection = Rejected(await Reactivate.SubmitAsync(new() { TenantId = await SuspendedAsync(HoldCode.Abuse), Codes = ["abuse", "deletion", "x"], Reason = "" }, Ada, default));
        var empty = Rejected(await Reactivate.SubmitAsync(new() { TenantId = await SuspendedAsync(HoldCode.Abuse), Codes = [] }, Ada, default));

        rejection.Errors.Select(e => e.Pointer).ShouldBe(["/codes/1", "/codes/2", "/reason"]);
        empty.Errors.Single().Pointer.ShouldBe("/codes");
    }

    private static string HoldName(HoldCode code) => code.ToString().ToLowerInvariant();

    private static Guid Accepted(IntakeOutcome outcome) => Assert.IsType<CommandAccepted>(outcome).OperationId;

    private static OperationRejected Rejected(IntakeOutcome outcome) => Assert.IsType<CommandRejected>(outcome).Rejection;

    private async Task<int> StepsAsync(Guid operation) => (await new OperationStore(Registry).FindAsync(operation))!.Workflow.Steps.Count;

    private Task<bool> HoldAsync(TenantId tenant, HoldCode code) => new HoldStore(Registry).SetAsync(tenant, code, HoldEffect.Closed, "ada", "For the test.", default);

    private int count;

    private async Task<TenantId> SuspendedAsync(params HoldCode[] codes)
    {
        var slug = $"tenant-{++count}";
        var accepted = await AcceptedAsync(Command(slug) with { Name = slug });
        await EndAsync(accepted.OperationId, "completed", "active");
        foreach (var code in codes)
            await HoldAsync(accepted.TenantId!.Value, code);
        return accepted.TenantId!.Value;
    }
}
