using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Provision;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_command_is_validated
{
    [Fact]
    public void Should_fill_in_what_is_absent()
    {
        var valid = Commands.Validate(Commands.Valid, out _)!;

        (valid.Tier, valid.Subdomain, valid.Timezone, valid.Domain, valid.Region)
            .ShouldBe((IsolationTier.Schema, "acme", "UTC", null, null));
        valid.Features.ShouldBeEmpty();
        valid.Settings.ShouldBeEmpty();
    }

    [Fact]
    public void Should_name_every_fault_at_once()
    {
        var command = new ProvisionTenant
        {
            Name = "", Slug = "A", Plan = "gold", AdminEmail = "ada", Domain = "x", Subdomain = "-", Isolation = "cloud",
            Region = "EU", Timezone = "Mars/Olympus",
        };

        ProvisionValidation.Validate(command, null, Commands.Reserved, out var errors).ShouldBeNull();

        errors.Select(e => e.Pointer).ShouldBe(
            ["/name", "/slug", "/plan", "/adminEmail", "/domain", "/subdomain", "/isolation", "/region", "/timezone"]);
        errors.ShouldAllBe(e => e.Detail.Length > 10);
    }

    [Fact]
    public void Should_refuse_texts_that_a_message_left_out()
    {
        var command = new ProvisionTenant { Name = null!, Slug = null!, Plan = null!, AdminEmail = null! };

        ProvisionValidation.Validate(command, null, Commands.Reserved, out var errors).ShouldBeNull();

        errors.Select(e => e.Pointer).ShouldBe(["/name", "/slug", "/plan", "/adminEmail"]);
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("Ünïcode & Söhne 株式会社 👩‍🚀", true)]
    [InlineData("", false)]
    [InlineData("   ", false)]
    [InlineData("two\nlines", false)]
    [InlineData("nul\0", false)]
    [InlineData("lost \ufffd", false)]
    [InlineData("line\u2028separator", false)]
    [InlineData("turned \u202e round", false)]
    [InlineData("\u200b\ufeff\u00ad", false)]
    [InlineData("\u3164", false)]
    [InlineData("\u2800", false)]
    [InlineData("\ufffc", false)]
    [InlineData("\u115f\u1160", false)]
    [InlineData("\u0301", false)]
    [InlineData("Ac\u200bme", false)]
    [InlineData("Ac\u00adme", false)]
    [InlineData("Acme\u3164", false)]
    [InlineData("Acme \u200f", false)]
    [InlineData("Acme\u200d", false)]
    [InlineData("Acme\ue000", false)]
    [InlineData("Acme\U000E0067\U000E007F", false)]
    [InlineData("<b>Acme</b>", false)]
    [InlineData("Acme <script>", false)]
    [InlineData("A < B", true)]
    [InlineData("I ❤️ Acme", true)]
    [InlineData("می‌خواهم", true)]
    [InlineData("क्‍ष", true)]
    public void Should_restrict_names_to_one_readable_line(string name, bool good) =>
        Commands.Faults(Commands.Valid with { Name = name }).ShouldBe(good ? "" : "/name");

    [Fact]
    public void Should_refuse_lone_surrogates()
    {
        // Not in the attributes above, because they would store it as a replacement character.
        Commands.Faults(Commands.Valid with { Name = "half \ud83d" }).ShouldBe("/name");
        Commands.Faults(Commands.Valid with { Domain = "\ud83d.example" }).ShouldBe("/domain");
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Should_limit_names(int length, bool good) =>
        Commands.Faults(Commands.Valid with { Name = new string('n', length) }).ShouldBe(good ? "" : "/name");

    // The OpenAPI document's maxLength counts characters, and each of these is two UTF-16 code units.
    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Should_count_a_names_characters(int length, bool good) =>
        Commands.Faults(Commands.Valid with { Name = string.Concat(Enumerable.Repeat("𠮷", length)) }).ShouldBe(good ? "" : "/name");

    [Fact]
    public void Should_trim_names() =>
        Commands.Validate(Commands.Valid with { Name = "  Acme " }, out _)!.Name.ShouldBe("Acme");

    [Theory]
    [InlineData("abc", true)]
    [InlineData("a-1", true)]
    [InlineData("ab", false)]
    [InlineData("Acme", false)]
    [InlineData("1acme", false)]
    [InlineData("acme-", false)]
    [InlineData("acme\n", false)]
    [InlineData("ac me", false)]
    [InlineData("acmé", false)]
    [InlineData("acme'; drop table tenants--", false)]
    [InlineData("a234567890123456789012345678901234567890", true)]
    [InlineData("a2345678901234567890123456789012345678901", false)]
    public void Should_enforce_the_rule_for_slugs(string slug, bool good) =>
        Commands.Faults(Commands.Valid with { Slug = slug, Subdomain = "sub" }).ShouldBe(good ? "" : "/slug");

    [Theory]
    [InlineData("row", true)]
    [InlineData("schema", true)]
    [InlineData("database", false)]
    [InlineData("Row", false)]
    [InlineData("0", false)]
    [InlineData("row,schema", false)]
    [InlineData("", false)]
    public void Should_take_only_tiers_of_the_plan(string tier, bool good) =>
        Commands.Faults(Commands.Valid with { Isolation = tier }).ShouldBe(good ? "" : "/isolation");

    [Fact]
    public void Should_say_which_tiers_the_plan_allows()
    {
        Commands.Validate(Commands.Valid with { Isolation = "database" }, out var errors);

        errors.ShouldHaveSingleItem().Detail.ShouldBe("plan premium allows schema or row");
    }

    [Theory]
    [InlineData("eu-central-1", true)]
    [InlineData("EU", false)]
    [InlineData("", false)]
    [InlineData("eu_1", false)]
    [InlineData("eu\n", false)]
    public void Should_enforce_the_rule_for_regions(string region, bool good) =>
        Commands.Faults(Commands.Valid with { Region = region }).ShouldBe(good ? "" : "/region");

    [Theory]
    [InlineData("UTC", true)]
    [InlineData("Europe/Berlin", true)]
    [InlineData("America/Argentina/Buenos_Aires", true)]
    [InlineData("Etc/GMT+5", true)]
    [InlineData("utc", false)]
    [InlineData("europe/berlin", false)]
    [InlineData("UTC+05:00", false)]
    [InlineData("posixrules", false)]
    [InlineData("Europe/Atlantis", false)]
    [InlineData("", false)]
    [InlineData("../../etc/passwd", false)]
    [InlineData("/etc/localtime", false)]
    [InlineData("posix/Europe/Berlin", false)]
    [InlineData("localtime", false)]
    [InlineData("Europe/Berlin\0", false)]
    public void Should_take_only_iana_timezones(string timezone, bool good) =>
        Commands.Faults(Commands.Valid with { Timezone = timezone }).ShouldBe(good ? "" : "/timezone");
}
