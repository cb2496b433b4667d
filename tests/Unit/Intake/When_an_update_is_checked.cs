using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Update;
using Saga.Registry.Holds;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_an_update_is_checked
{
    private static readonly Plan Plan = Commands.Plan with { Limits = Commands.Plan.Limits with { DatabaseConnections = 8 } };

    private static readonly Tenant Tenant = new()
    {
        Id = new(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "premium", Tier = IsolationTier.Row, Status = TenantStatus.Active, Subdomain = "portal",
        Timezone = "Europe/Berlin", AdminEmail = "ada@acme.com", Domain = "acme.com", Region = "eu", Phone = "+493012345678", Version = 7,
        Features = new Dictionary<string, bool> { ["biometric_auth"] = false },
        Settings = new Dictionary<string, JsonElement> { ["minutes"] = Commands.Element("5"), ["greeting"] = Commands.Element("\"hi\"") },
        Pool = new() { Minimum = 1, Maximum = 4 }, MaintenanceWindow = new() { Days = ["sunday"], Start = "02:00", DurationMinutes = 60 },
        CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData("""{"name":" Bolt "}""", """{"name":"Bolt"}""")]
    [InlineData("""{"description":"Makes anvils."}""", """{"description":"Makes anvils."}""")]
    [InlineData("""{"adminEmail":"bob@ACME.com","name":"Acme"}""", """{"adminEmail":"bob@acme.com"}""")]
    [InlineData("""{"phone":null}""", """{"phone":null}""")]
    [InlineData("""{"phone":"+15551234567"}""", """{"phone":"+15551234567"}""")]
    [InlineData("""{"domain":"BÜCHER.example"}""", """{"domain":"xn--bcher-kva.example"}""")]
    [InlineData("""{"domain":null}""", """{"domain":null}""")]
    [InlineData("""{"subdomain":null}""", """{"subdomain":"acme"}""")]
    [InlineData("""{"subdomain":"Anvil"}""", """{"subdomain":"anvil"}""")]
    [InlineData("""{"timezone":null}""", """{"timezone":"UTC"}""")]
    [InlineData("""{"region":null}""", """{"region":null}""")]
    [InlineData("""{"features":{"biometric_auth":null}}""", """{"features":{}}""")]
    [InlineData("""{"features":{"biometric_auth":true}}""", """{"features":{"biometric_auth":true}}""")]
    [InlineData("""{"features":null}""", """{"features":{}}""")]
    [InlineData("""{"settings":{"minutes":null}}""", """{"settings":{"greeting":"hi"}}""")]
    [InlineData("""{"settings":{"minutes":6.0,"strict":false}}""", """{"settings":{"minutes":6,"greeting":"hi","strict":false}}""")]
    [InlineData("""{"settings":null}""", """{"settings":{}}""")]
    [InlineData("""{"pool":{"maximum":8}}""", """{"pool":{"minimum":1,"maximum":8}}""")]
    [InlineData("""{"pool":{"minimum":null}}""", """{"pool":{"minimum":0,"maximum":4}}""")]
    [InlineData("""{"pool":null}""", """{"pool":null}""")]
    [InlineData("""{"readReplica":true,"autoUpdate":false}""", """{"readReplica":true,"autoUpdate":false}""")]
    [InlineData("""{"maintenanceWindow":{"days":["friday","monday"]}}""", """{"maintenanceWindow":{"days":["monday","friday"],"start":"02:00","durationMinutes":60}}""")]
    [InlineData("""{"maintenanceWindow":null}""", """{"maintenanceWindow":null}""")]
    public void Should_change_what_the_patch_names_and_nothing_else(string patch, string expected)
    {
        var change = Validate(patch, out var errors).ShouldNotBeNull(string.Join(", ", errors));

        JsonElement.DeepEquals(JsonSerializer.SerializeToElement(change.After), Commands.Element(expected)).ShouldBeTrue(JsonSerializer.Serialize(change.After));
        change.Before.Keys.ShouldBe(change.After.Keys, ignoreOrder: true);
    }

    [Theory]
    [InlineData("""{"slug":"bolt","plan":"basic","isolation":"row","status":"active","id":"x","version":7}""", "/id /slug /status /plan /isolation /version")]
    [InlineData("""{"nmae":"Bolt"}""", "/nmae")]
    [InlineData("""{"name":null}""", "/name")]
    [InlineData("""{"name":7}""", "/name")]
    [InlineData("""{"name":""}""", "/name")]
    [InlineData("""{"description":""}""", "/description")]
    [InlineData("""{"description":"a\nb"}""", "/description")]
    [InlineData("""{"description":"<script>"}""", "/description")]
    [InlineData("""{"adminEmail":null}""", "/adminEmail")]
    [InlineData("""{"adminEmail":"nobody"}""", "/adminEmail")]
    [InlineData("""{"phone":"030 12345678"}""", "/phone")]
    [InlineData("""{"phone":"+0123456789"}""", "/phone")]
    [InlineData("""{"phone":"+1234567890123456"}""", "/phone")]
    [InlineData("""{"domain":"localhost"}""", "/domain")]
    [InlineData("""{"maxUsers":1001,"maxStorage":0}""", "/maxUsers /maxStorage")]
    [InlineData("""{"maxUsers":"5","maxStorage":5.5}""", "/maxUsers /maxStorage")]
    [InlineData("""{"subdomain":"www"}""", "/subdomain")]
    [InlineData("""{"subdomain":"a.b"}""", "/subdomain")]
    [InlineData("""{"timezone":"Berlin"}""", "/timezone")]
    [InlineData("""{"region":"EU"}""", "/region")]
    [InlineData("""{"features":{"warp":true}}""", "/features/warp")]
    [InlineData("""{"features":{"biometric_auth":"yes"}}""", "/features/biometric_auth")]
    [InlineData("""{"features":[]}""", "/features")]
    [InlineData("""{"settings":{"digits":4}}""", "/settings/digits")]
    [InlineData("""{"settings":{"sealedText":"y"}}""", "/settings/sealedText")]
    [InlineData("""{"settings":{"warp":1}}""", "/settings/warp")]
    [InlineData("""{"pool":{"maximum":9}}""", "/pool/maximum")]
    [InlineData("""{"pool":{"minimum":5}}""", "/pool/minimum")]
    [InlineData("""{"pool":{"maximum":0}}""", "/pool/maximum")]
    [InlineData("""{"pool":{"size":1}}""", "/pool/size")]
    [InlineData("""{"readReplica":"yes"}""", "/readReplica")]
    [InlineData("""{"maintenanceWindow":{"days":["someday"]}}""", "/maintenanceWindow/days")]
    [InlineData("""{"maintenanceWindow":{"days":["monday","monday"],"start":"2:00","durationMinutes":5}}""", "/maintenanceWindow/days /maintenanceWindow/start /maintenanceWindow/durationMinutes")]
    [InlineData("""{"name":"Acme"}""", "/name")]
    [InlineData("""{"name":"Acme","phone":"+493012345678"}""", "")]
    [InlineData("{}", "")]
    public void Should_name_each_broken_rule(string patch, string pointers)
    {
        Validate(patch, out var errors).ShouldBeNull();

        string.Join(' ', errors.Select(e => e.Pointer)).ShouldBe(pointers);
    }

    [Fact]
    public void Should_not_check_what_the_patch_does_not_name()
    {
        var old = Tenant with { Settings = new Dictionary<string, JsonElement> { ["digits"] = Commands.Element("4"), ["gone"] = Commands.Element("1") }, Name = "<b>" };

        UpdateValidation.Validate(Patch("""{"settings":{"strict":false}}"""), old, Plan, Commands.Reserved, out _).ShouldNotBeNull().Keys(TenantField.Settings).ShouldBe(["strict"]);
    }

    [Fact]
    public void Should_give_and_take_limits_of_its_own()
    {
        var change = Validate("""{"maxUsers":1000,"maxStorage":5}""", out _).ShouldNotBeNull();
        change.Fields.ShouldBe(["maxStorage", "maxUsers"]);

        UpdateValidation.Validate(Patch("""{"maxUsers":null}"""), Tenant with { MaxUsers = 5 }, Plan, Commands.Reserved, out _).ShouldNotBeNull().After["maxUsers"].ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void Should_not_check_against_a_plan_that_is_gone()
    {
        UpdateValidation.Validate(Patch("""{"pool":{"maximum":2}}"""), Tenant, null, Commands.Reserved, out var errors).ShouldBeNull();
        errors.ShouldHaveSingleItem().Pointer.ShouldBe("/pool");

        UpdateValidation.Validate(Patch("""{"phone":null}"""), Tenant, null, Commands.Reserved, out _).ShouldNotBeNull();
    }

    [Fact]
    public void Should_take_the_same_address_in_other_letters_for_the_same_administrator()
    {
        Validate("""{"adminEmail":"Ada@acme.com"}""", out _)!.NewAdministrator.ShouldBeNull();
        Validate("""{"adminEmail":"bob@acme.com"}""", out _)!.NewAdministrator.ShouldBe("bob@acme.com");
    }

    [Theory]
    [InlineData("""{"name":"Bolt"}""", true)]
    [InlineData("""{"description":"x"}""", true)]
    [InlineData("""{"domain":null}""", true)]
    [InlineData("""{"adminEmail":"bob@acme.com"}""", true)]
    [InlineData("""{"adminEmail":"Ada@acme.com"}""", false)]
    [InlineData("""{"phone":null,"settings":null,"subdomain":null}""", false)]
    public void Should_call_the_identity_provider_only_for_what_it_knows(string patch, bool directory) =>
        UpdateWorkflow.Of(Validate(patch, out _)!).ShouldBeSameAs(directory ? UpdateWorkflow.WithDirectory : UpdateWorkflow.InRegistry);

    [Theory]
    [InlineData(null, RejectionCodes.VersionRequired)]
    [InlineData(6L, RejectionCodes.VersionStale)]
    [InlineData(8L, RejectionCodes.VersionStale)]
    [InlineData(7L, null)]
    public void Should_need_the_version_that_the_tenant_has(long? version, string? code) => Guard(Input("""{"phone":null}""") with { Version = version })?.Code.ShouldBe(code);

    [Fact]
    public void Should_not_run_unchecked_when_the_tenant_reaches_the_guessed_version() =>
        Guard(Input("""{"phone":null}""") with { Change = null, Version = 8 }, Tenant with { Version = 8 })!.Code.ShouldBe(RejectionCodes.VersionStale);

    [Theory]
    [InlineData(TenantStatus.Provisioning)]
    [InlineData(TenantStatus.Failed)]
    [InlineData(TenantStatus.Deprovisioned)]
    public void Should_refuse_a_status_and_say_which_one_is_needed(TenantStatus status)
    {
        var rejection = Guard(Input("""{"phone":null}"""), Tenant with { Status = status })!;

        (rejection.Code, rejection.Detail.Contains("must be active", StringComparison.Ordinal)).ShouldBe((RejectionCodes.TenantState, true));
    }

    [Theory]
    [InlineData(HoldCode.Deletion, true)]
    [InlineData(HoldCode.Move, true)]
    [InlineData(HoldCode.Restore, true)]
    [InlineData(HoldCode.NonPayment, false)]
    [InlineData(HoldCode.LimitExceeded, false)]
    public void Should_depend_on_the_hold(HoldCode code, bool refused) =>
        (Guard(Input("""{"phone":null}"""), Tenant with { Holds = [new(code, HoldEffect.Closed, "ada", "Why.", DateTimeOffset.UnixEpoch)] })?.Code == RejectionCodes.TenantState).ShouldBe(refused);

    [Fact]
    public void Should_refuse_a_region_without_a_server()
    {
        var rejection = Guard(Input("""{"region":"us"}"""))!;

        rejection.Code.ShouldBe(RejectionCodes.NoServer);
        rejection.Errors.ShouldHaveSingleItem().ShouldBe(new("/region", "must be one of eu"));
        Guard(Input("""{"region":null}""")).ShouldBeNull();
    }

    [Fact]
    public void Should_say_in_words_what_changes() =>
        UpdateWords.Of(Validate("""{"domain":"bolt.com","adminEmail":"bob@acme.com","phone":null}""", out _)!).ShouldBe(
        [
            "adminEmail becomes \"bob@acme.com\"; it is \"ada@acme.com\".",
            "domain becomes \"bolt.com\"; it is \"acme.com\".",
            "phone becomes null; it is \"+493012345678\".",
            "The new domain is used once its control is proved; a claim that is not proved expires after 7 days.",
            "The domain 'acme.com' is removed from the tenant.",
            "'bob@acme.com' becomes an administrator. The former one stays a member of the organisation, but administers it no longer.",
        ]);

    private static TenantChange? Validate(string patch, out IReadOnlyList<FieldError> errors) => UpdateValidation.Validate(Patch(patch), Tenant, Plan, Commands.Reserved, out errors);

    private static Dictionary<string, JsonElement> Patch(string json) => Commands.Element(json).EnumerateObject().ToDictionary(p => p.Name, p => p.Value);

    private static ValidUpdate Input(string patch) => new()
    {
        Tenant = Tenant.Id, Version = 7, Change = Validate(patch, out _), Found = Tenant, Servers = [new PlacementServer("main", "eu", 1, 10, true)],
    };

    private static OperationRejected? Guard(ValidUpdate input, Tenant? tenant = null) => new UpdatePlan(null!, null!, null!, null!, null!).Guard(input, tenant ?? Tenant);
}
