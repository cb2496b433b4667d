using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Verify;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_verification_is_guarded
{
    private static readonly Tenant Tenant = new()
    {
        Id = new(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "premium", Tier = IsolationTier.Row, Status = TenantStatus.Active, Subdomain = "acme",
        Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(), Settings = new Dictionary<string, JsonElement>(), Version = 1,
        CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData(TenantStatus.Active, true)]
    [InlineData(TenantStatus.Provisioning, false)]
    [InlineData(TenantStatus.Failed, false)]
    [InlineData(TenantStatus.Deprovisioned, false)]
    public void Should_be_allowed_for_an_active_tenant_only(TenantStatus status, bool allowed) => (Guard(Tenant with { Status = status })?.Code).ShouldBe(allowed ? null : RejectionCodes.TenantState);

    [Theory]
    [InlineData(HoldEffect.NoGrowth, true)]
    [InlineData(HoldEffect.Closed, false)]
    [InlineData(HoldEffect.ReadOnly, false)]
    [InlineData(HoldEffect.Away, false)]
    public void Should_depend_on_the_holds_effect(HoldEffect effect, bool allowed)
    {
        var rejection = Guard(Tenant with { Holds = [new(HoldCode.Other, effect, "ada", "Why.", DateTimeOffset.UnixEpoch)] });

        (rejection is null).ShouldBe(allowed);
        rejection?.Detail.ShouldContain("set by ada: Why. Lift it first.");
    }

    [Fact]
    public async Task Should_need_a_tenant() =>
        (await new VerifyPlan().CheckAsync(new() { TenantId = default }, default)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/tenantId");

    private static OperationRejected? Guard(Tenant tenant) => new VerifyPlan().Guard(new() { TenantId = tenant.Id }, tenant);
}
