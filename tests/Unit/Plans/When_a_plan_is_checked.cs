using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Plans;
using Saga.Registry.Plans;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Plans;

public sealed class When_a_plan_is_checked
{
    private const string Whole =
        """
        {"name":"gold","tiers":["schema","row"],"defaultTier":"row","limits":{"users":5,"storageGib":6,"requestsPerDay":7,"databaseConnections":8,"ownLimits":"atLeast"},
         "features":{"biometric_auth":true},
         "settings":{"session.timeout":{"default":60.0,"minimum":10,"maximum":90},"greeting":{"default":"hello","schema":{"type":"string","maxLength":5}},"secret":{"generated":true,"sealed":true}}}
        """;

    [Fact]
    public void Should_become_a_plan()
    {
        var plan = Check(Whole).Plan.ShouldNotBeNull();

        (plan.Name, plan.DefaultTier).ShouldBe(("gold", IsolationTier.Row));
        plan.Tiers.ShouldBe([IsolationTier.Schema, IsolationTier.Row]);
        plan.Limits.ShouldBe(new() { Users = 5, StorageGib = 6, RequestsPerDay = 7, DatabaseConnections = 8, OwnLimits = OwnLimitRule.AtLeast });
        plan.Features.ShouldHaveSingleItem().ShouldBe(new("biometric_auth", true));
        (plan.Settings["session.timeout"].Value!.Value.GetRawText(), plan.Settings["session.timeout"].Minimum, plan.Settings["session.timeout"].Maximum).ShouldBe(("60", 10, 90));
        plan.Settings["greeting"].Schema.ShouldNotBeNull();
        (plan.Settings["secret"].Generate, plan.Settings["secret"].Sealed, plan.Settings["secret"].Value).ShouldBe((true, true, null));
    }

    [Theory]
    [InlineData("\"tiers\":[\"schema\",\"row\"]", "\"tiers\":[]", "/tiers")]
    [InlineData("\"tiers\":[\"schema\",\"row\"]", "\"tiers\":[\"row\",\"row\"]", "/tiers")]
    [InlineData("\"tiers\":[\"schema\",\"row\"]", "\"tiers\":[\"row\",\"shelf\"]", "/tiers")]
    [InlineData("\"tiers\":[\"schema\",\"row\"]", "\"tiers\":[null]", "/tiers")]
    [InlineData("\"tiers\":[\"schema\",\"row\"],", "", "/tiers")]
    [InlineData("\"defaultTier\":\"row\"", "\"defaultTier\":\"database\"", "/defaultTier")]
    [InlineData("\"defaultTier\":\"row\"", "\"defaultTier\":\"Row\"", "/defaultTier")]
    [InlineData("\"defaultTier\":\"row\",", "", "/defaultTier")]
    [InlineData("\"users\":5", "\"users\":0", "/limits/users")]
    [InlineData("\"users\":5,", "", "/limits/users")]
    [InlineData("\"users\":5,\"storageGib\":6", "\"users\":-5,\"storageGib\":1073741825", "/limits/users /limits/storageGib")]
    [InlineData("\"requestsPerDay\":7", "\"requestsPerDay\":0", "/limits/requestsPerDay")]
    [InlineData("\"databaseConnections\":8", "\"databaseConnections\":1001", "/limits/databaseConnections")]
    [InlineData("\"atLeast\"", "\"least\"", "/limits/ownLimits")]
    [InlineData("\"biometric_auth\":true", "\"1st\":true", "/features/1st")]
    [InlineData("\"features\":{\"biometric_auth\":true},", "", "/features")]
    [InlineData("\"greeting\":{\"default\":\"hello\",\"schema\":{\"type\":\"string\",\"maxLength\":5}}", "\"greeting\":null", "/settings/greeting")]
    [InlineData("\"session.timeout\":{", "\"session.timeout\":{\"schema\":{\"type\":\"integer\",\"maximum\":20},", "/settings/session.timeout/schema")]
    [InlineData("\"greeting\":{\"default\":\"hello\"", "\"greeting\":{\"default\":false", "/settings/greeting/schema")]
    [InlineData("\"greeting\"", "\"features.greeting\"", "/settings/features.greeting")]
    [InlineData("\"greeting\"", "\"feature:greeting\"", "/settings/feature:greeting /settings/feature:greeting")]
    [InlineData("\"greeting\"", "\"a/b\"", "/settings/a~1b")]
    [InlineData("\"default\":60.0", "\"default\":9", "/settings/session.timeout/default")]
    [InlineData("\"minimum\":10", "\"minimum\":91", "/settings/session.timeout/minimum")]
    [InlineData("\"default\":60.0,", "", "/settings/session.timeout/default")]
    [InlineData("\"default\":60.0", "\"default\":null", "/settings/session.timeout/default")]
    [InlineData("\"default\":60.0", "\"default\":\"60\"", "/settings/session.timeout/minimum")]
    [InlineData("\"default\":\"hello\"", "\"default\":\"hello there\"", "/settings/greeting/default")]
    [InlineData("\"maxLength\":5", "\"maxLength\":-5", "/settings/greeting/schema")]
    [InlineData("\"generated\":true,\"sealed\":true", "\"generated\":true,\"default\":\"x\"", "/settings/secret/default")]
    [InlineData("\"generated\":true,\"sealed\":true", "\"generated\":true,\"schema\":{\"type\":\"string\"}", "/settings/secret/schema")]
    [InlineData("\"generated\":true,\"sealed\":true", "\"sealed\":true,\"default\":\"x\"", "/settings/secret/default")]
    [InlineData("\"generated\":true,\"sealed\":true", "\"sealed\":true", "/settings/secret/generated")]
    public void Should_name_the_field(string good, string bad, string pointers)
    {
        Whole.ShouldContain(good);

        var (plan, found) = Check(Whole.Replace(good, bad, StringComparison.Ordinal));

        plan.ShouldBeNull();
        found.ShouldBe(pointers);
    }

    [Fact]
    public void Should_report_everything_that_an_empty_one_lacks() => Check("{\"name\":\"Gold!\"}").Pointers.ShouldBe("/name /tiers /limits /features /settings");

    [Fact]
    public void Should_leave_requests_unlimited_and_own_limits_below_the_plans_when_nothing_is_said()
    {
        var limits = Check(Whole.Replace("\"requestsPerDay\":7,", "", StringComparison.Ordinal).Replace(",\"ownLimits\":\"atLeast\"", "", StringComparison.Ordinal)).Plan!.Limits;

        (limits.RequestsPerDay, limits.OwnLimits).ShouldBe((null, OwnLimitRule.AtMost));
    }

    [Fact]
    public void Should_limit_the_number_of_settings()
    {
        var many = string.Join(',', Enumerable.Range(0, 101).Select(i => $$"""
            "s{{i}}":{"default":1}
            """));

        Check(Whole.Replace("\"settings\":{", $"\"settings\":{{{many},", StringComparison.Ordinal)).Pointers.ShouldBe("/settings");
    }

    [Fact]
    public void Should_keep_a_sealed_default_that_nobody_can_read()
    {
        var current = Check(Whole).Plan! with { Settings = new Dictionary<string, PlanSetting> { ["secret"] = new() { Value = JsonElement.Parse("\"x\""), Sealed = true } } };

        Check(Whole.Replace("\"generated\":true,\"sealed\":true", "\"sealed\":true", StringComparison.Ordinal), current).Plan!.Settings["secret"].Value!.Value.GetString().ShouldBe("x");
    }

    [Fact]
    public void Should_not_store_a_schema_that_says_only_what_the_default_says() =>
        Check(Whole.Replace("{\"type\":\"string\",\"maxLength\":5}", "{\"type\":\"string\"}", StringComparison.Ordinal)).Plan!.Settings["greeting"].Schema.ShouldBeNull();

    private static (Plan? Plan, string Pointers) Check(string json, Plan? current = null)
    {
        var draft = CommandReader.Read<PlanDraft>(JsonElement.Parse(json), hasKey: false, out var unread);
        unread.ShouldBeEmpty();
        var plan = PlanValidation.Validate(draft!, current, out var errors);
        return (plan, string.Join(' ', errors.Select(e => e.Pointer)));
    }
}
