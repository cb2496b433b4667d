using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Rotate;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_rotation_is_checked
{
    private static readonly RotatePlan Rotation = new();

    private static readonly Tenant Tenant = new()
    {
        Id = new(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "premium", Tier = IsolationTier.Row, Status = TenantStatus.Active, Subdomain = "acme",
        Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(), Settings = new Dictionary<string, JsonElement>(), Version = 1,
        CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData("", "/what")]
    [InlineData("database,Cache,x", "/what/1 /what/2")]
    [InlineData("database,cache,tenantKey,backupKey", "")]
    [InlineData("cache,cache", "")]
    public async Task Should_name_what_cannot_be_rotated(string what, string pointers)
    {
        var (input, errors) = await Rotation.CheckAsync(new() { TenantId = Tenant.Id, What = what.Length == 0 ? [] : what.Split(',') }, default);

        string.Join(' ', errors.Select(e => e.Pointer)).ShouldBe(pointers);
        (input is null).ShouldBe(pointers.Length > 0);
    }

    [Fact]
    public async Task Should_take_a_message_without_what_for_one_that_breaks_a_rule() =>
        (await Rotation.CheckAsync(new() { TenantId = default, What = null! }, default)).Errors.Select(e => e.Pointer).ShouldBe(["/tenantId", "/what"]);

    [Theory]
    [InlineData(true, true, false, "login.add cacheUser.add credentials.switch credentials.drain login.retire cacheUser.retire")]
    [InlineData(true, false, false, "login.add credentials.switch credentials.drain login.retire")]
    [InlineData(false, true, false, "cacheUser.add credentials.switch credentials.drain cacheUser.retire")]
    [InlineData(false, false, false, "credentials.switch")]
    [InlineData(true, true, true, "login.add cacheUser.add backupKey.rotate credentials.switch credentials.drain login.retire cacheUser.retire")]
    [InlineData(true, false, true, "login.add backupKey.rotate credentials.switch credentials.drain login.retire")]
    [InlineData(false, true, true, "cacheUser.add backupKey.rotate credentials.switch credentials.drain cacheUser.retire")]
    [InlineData(false, false, true, "backupKey.rotate credentials.switch")]
    public void Should_run_only_the_steps_that_it_needs(bool database, bool cache, bool backupKey, string steps)
    {
        var workflow = Rotation.Plan(new(Tenant.Id, database, cache, TenantKey: true, backupKey), Tenant);

        string.Join(' ', workflow.Steps.Select(s => s.Name)).ShouldBe(steps);
        RotatePlan.Workflows.ShouldContain(workflow);
        workflow.Steps.Single(s => s.Kind == Saga.Engine.Workflows.StepKind.Pivot).Name.ShouldBe(StepNames.SwitchCredentials);
    }

    [Theory]
    [InlineData(TenantStatus.Active, null, true)]
    [InlineData(TenantStatus.Active, HoldEffect.NoGrowth, true)]
    [InlineData(TenantStatus.Active, HoldEffect.Closed, false)]
    [InlineData(TenantStatus.Active, HoldEffect.ReadOnly, false)]
    [InlineData(TenantStatus.Active, HoldEffect.Away, false)]
    [InlineData(TenantStatus.Provisioning, null, false)]
    [InlineData(TenantStatus.Failed, null, false)]
    [InlineData(TenantStatus.Deprovisioned, null, false)]
    public void Should_be_allowed_for_an_open_tenant_only(TenantStatus status, HoldEffect? effect, bool allowed)
    {
        var tenant = Tenant with { Status = status, Holds = effect is { } e ? [new(HoldCode.Other, e, "ada", "Why.", DateTimeOffset.UnixEpoch)] : [] };

        (Rotation.Guard(new(tenant.Id, true, true, true, true), tenant)?.Code).ShouldBe(allowed ? null : RejectionCodes.TenantState);
    }

    [Fact]
    public void Should_audit_what_was_asked_for() =>
        JsonSerializer.Serialize(Rotation.AuditDetail(new(Tenant.Id, true, false, true, true))).ShouldBe("""{"what":["database","tenantKey","backupKey"]}""");
}
