using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Adopt;
using Saga.Registry.Placements;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_an_adoption_is_checked
{
    private static readonly AdoptTenant Command = new() { Name = "Acme", Slug = "acme", Plan = "premium", AdminEmail = "ada@acme.com", Server = "main", Database = "shop", Schema = "public" };

    [Fact]
    public void Should_take_a_schema_for_the_tier_schema()
    {
        var valid = Validate(Command with { TenantId = "0190d3c1-0000-7000-8000-000000000001" }, out _)!;

        (valid.Tenant.Tier, valid.Place, valid.Id!.Value.ToString()).ShouldBe((IsolationTier.Schema, new("main", "shop", "public"), "0190d3c1-0000-7000-8000-000000000001"));
    }

    [Fact]
    public void Should_take_a_database_without_a_schema_for_the_tier_database() =>
        Faults(Command with { Schema = null }).ShouldBe(["/isolation plan premium allows schema or row"], "the plan decides which tiers there are");

    [Fact]
    public void Should_allow_a_database_whose_tables_are_in_another_schema() =>
        Faults(Command with { Isolation = "database" }).ShouldBe(["/isolation plan premium allows schema or row"]);

    [Theory]
    [InlineData("postgres")]
    [InlineData("template1")]
    [InlineData("saga_rows")]
    [InlineData("saga_schemas_1")]
    [InlineData("saga_template_v4_abc")]
    [InlineData("saga_spare_v4_abc_1")]
    [InlineData("saga_check_1")]
    [InlineData("saga_blank")]
    [InlineData("restored_1")]
    public void Should_refuse_databases_of_the_server_and_the_platform(string database) =>
        Faults(Command with { Database = database }).ShouldBe([$"/database must be a database of the product; '{database}' is the server's or the platform's own"]);

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void Should_refuse_what_is_no_identifier(string name) =>
        Faults(Command with { Database = name, Schema = name }).Select(f => f.Split(' ')[0]).ShouldBe(["/database", "/schema"]);

    [Theory]
    [InlineData("saga")]
    [InlineData("pg_catalog")]
    [InlineData("information_schema")]
    public void Should_refuse_schemas_that_are_no_products(string schema) =>
        Faults(Command with { Schema = schema }).ShouldBe([$"/schema must be the schema with the product's tables; '{schema}' is not one"]);

    [Fact]
    public void Should_report_everything_at_once()
    {
        var faults = Faults(new() { Name = null!, Slug = null!, Plan = null!, AdminEmail = null!, Server = null!, Database = null!, Isolation = "rows", Region = "us", TenantId = "x" });

        faults.Select(f => f.Split(' ')[0]).ShouldBe(["/name", "/slug", "/plan", "/adminEmail", "/isolation", "/server", "/database", "/tenantId"]);
    }

    [Fact]
    public void Should_take_rows_for_the_shared_tables_from_any_schema_of_any_region()
    {
        var valid = Validate(Command with { Isolation = "row", Schema = null, Region = "us" }, out _)!;

        (valid.Tenant.Tier, valid.Place, valid.IsCopy, valid.Users).ShouldBe((IsolationTier.Row, new("main", "shop", "product"), true, null));
    }

    [Fact]
    public void Should_take_each_user_once()
    {
        var users = Validate(Command with { Users = new() { From = "list", Emails = ["bob@acme.com", "BOB@ACME.com", "cid@büro.de"] } }, out _)!.Users!;

        users.Emails.ShouldBe(["bob@acme.com", "cid@xn--bro-hoa.de"]);
        Validate(Command with { Users = new() { From = "realm", EmailDomain = "Acme.COM" } }, out _)!.Users.ShouldBe(new(null, "acme.com"));
    }

    public static TheoryData<AdoptedUsers, string> WrongUsers => new()
    {
        { new() { From = "file" }, "/users/from must be list, with emails, or realm, with emailDomain" },
        { new() { From = null! }, "/users/from must be list, with emails, or realm, with emailDomain" },
        { new() { From = "list" }, "/users/emails must be a list of 1 to 1000 addresses" },
        { new() { From = "list", Emails = [] }, "/users/emails must be a list of 1 to 1000 addresses" },
        { new() { From = "list", Emails = [.. Enumerable.Range(0, 1001).Select(i => $"u{i}@acme.com")] }, "/users/emails must be a list of 1 to 1000 addresses" },
        { new() { From = "list", Emails = ["bob@acme.com"], EmailDomain = "acme.com" }, "/users/emailDomain must be absent: the users are listed" },
        { new() { From = "realm", Emails = ["bob@acme.com"], EmailDomain = "acme.com" }, "/users/emails must be absent: the users are those of emailDomain" },
    };

    [Theory, MemberData(nameof(WrongUsers))]
    public void Should_name_what_is_wrong_about_the_users(AdoptedUsers users, string fault) => Faults(Command with { Users = users }).ShouldBe([fault]);

    [Theory]
    [InlineData("realm", null, "/users/emailDomain")]
    [InlineData("realm", "acme", "/users/emailDomain")]
    [InlineData("list", "not an address", "/users/emails/1")]
    [InlineData("list", null, "/users/emails/1")]
    public void Should_name_the_address_that_is_none(string from, string? text, string pointer) =>
        Faults(Command with { Users = new() { From = from, EmailDomain = from == "realm" ? text : null, Emails = from == "list" ? ["bob@acme.com", text!] : null } }).Single().Split(' ')[0].ShouldBe(pointer);

    [Fact]
    public void Should_refuse_more_users_than_the_tenant_may_have_with_its_administrator()
    {
        AdoptTenant With(params string[] emails) => Command with { MaxUsers = 2, Users = new() { From = "list", Emails = emails } };

        Faults(With("bob@acme.com", "cid@acme.com")).ShouldBe(["/users/emails has 3 users with the administrator, and the tenant may have 2"]);
        Faults(With("bob@acme.com", "ADA@acme.com")).ShouldBeEmpty();
    }

    [Fact]
    public void Should_need_a_schema_for_the_tier_schema() =>
        Faults(Command with { Schema = null, Isolation = "schema" }).ShouldBe(["/schema is required for a tenant with the isolation schema: the schema with the product's tables"]);

    [Fact]
    public void Should_refuse_a_read_replica() => Faults(Command with { ReadReplica = true }).ShouldBe(["/readReplica must be false or absent; update the tenant when it is adopted"]);

    [Fact]
    public void Should_refuse_another_region_than_the_servers() => Faults(Command with { Region = "us" }).ShouldBe(["/region must be 'eu', where server 'main' is, or be left out"]);

    [Fact]
    public void Should_name_the_servers() => Faults(Command with { Server = "other" }).ShouldBe(["/server must be one of main"]);

    private static ValidAdoption? Validate(AdoptTenant command, out IReadOnlyList<FieldError> errors) =>
        AdoptValidation.Validate(command, command.Plan is null ? null : Commands.Plan, Commands.Reserved, [new PlacementServer("main", "eu", 0, 10, true)], out errors);

    private static IReadOnlyList<string> Faults(AdoptTenant command)
    {
        Validate(command, out var errors);
        return [.. errors.Select(e => $"{e.Pointer} {e.Detail}")];
    }
}
