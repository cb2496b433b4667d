using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Intake;
using Saga.Registry.Holds;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_backup_is_guarded
{
    [Theory]
    [InlineData(HoldCode.Deletion, true)]
    [InlineData(HoldCode.Abuse, false)]
    [InlineData(HoldCode.Move, false)]
    public void Should_be_refused_only_while_the_tenant_is_being_removed(HoldCode code, bool refused)
    {
        var tenant = Commands.ActiveTenant with { Holds = [new(code, HoldEffect.Closed, "ada", "Leaves.", DateTimeOffset.UnixEpoch)] };

        var rejection = new BackupPlan().Guard(new(tenant.Id, null, false), tenant);

        (rejection?.Code == RejectionCodes.TenantState).ShouldBe(refused);
        rejection?.Detail.ShouldContain("ordered by ada: Leaves.");
    }
}
