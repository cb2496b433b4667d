using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Product;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Product;

public sealed class When_a_products_text_is_checked
{
    [Theory]
    [InlineData("create role x", 1, "Roles are the platform's")]
    [InlineData("select 1;\n\nCREATE /* a\nb */ USER x", 3, "Roles are the platform's")]
    [InlineData("alter role current_user set search_path = x", 1, "Roles are the platform's")]
    [InlineData("drop owned by x", 1, "Roles are the platform's")]
    [InlineData("do $do$\nbegin\n  create role x;\nend $do$", 3, "Roles are the platform's")]
    [InlineData("do $$ begin if true then alter role x createdb; end if; end $$", 1, "Roles are the platform's")]
    [InlineData("do $$ begin execute 'create role x'; end $$", 1, "Roles are the platform's")]
    [InlineData("do $$ begin execute format('grant select on %I to public', 'a'); end $$", 1, "Grants are the platform's")]
    [InlineData("create function f() returns void language plpgsql as 'begin set role x; end'", 1, "Roles are the platform's")]
    [InlineData("grant select on a to public", 1, "Grants are the platform's")]
    [InlineData("alter default privileges grant select on tables to x", 1, "Grants are the platform's")]
    [InlineData("alter table a owner to x", 1, "The platform owns the tables")]
    [InlineData("create function f() returns int language sql\nsecurity definer as 'select 1'", 2, "SECURITY DEFINER needs SET search_path")]
    [InlineData("alter system set fsync = off", 1, "ALTER SYSTEM")]
    [InlineData("create extension if not exists citext", 1, "Extensions belong to a whole database")]
    [InlineData("create or replace trusted language x", 1, "This concerns the whole server")]
    [InlineData("create event trigger x on ddl_command_end execute function f()", 1, "This concerns the whole server")]
    [InlineData("create schema other", 1, "Schemas are the platform's")]
    [InlineData("set search_path = other", 1, "Schemas are the platform's")]
    [InlineData("set local role x", 1, "Roles are the platform's")]
    [InlineData("set session authorization x", 1, "Roles are the platform's")]
    [InlineData("reset role", 1, "Settings of the session")]
    [InlineData("set local row_security = off", 1, "This would switch off")]
    [InlineData("set session_replication_role = replica", 1, "This would switch off")]
    [InlineData("begin", 1, "Transactions are the platform's")]
    [InlineData("select 1; commit", 1, "Transactions are the platform's")]
    [InlineData("do $$ begin perform 1; commit; end $$", 1, "Transactions are the platform's")]
    [InlineData("create table other.a (id int)", 1, "'other.a' names a schema")]
    [InlineData("create table if not exists product.a (id int)", 1, "'product.a' names a schema")]
    [InlineData("create table a (id int references public.b)", 1, "'public.b' names a schema")]
    [InlineData("insert into \"Other\".a values (1)", 1, "'Other.a' names a schema")]
    [InlineData("create view v as select * from b join other.c on true", 1, "'other.c' names a schema")]
    [InlineData("create view v as select * from other.c", 1, "'other.c' names a schema")]
    [InlineData("create view v as select other.f(1)", 1, "'other.f' names a schema")]
    [InlineData("create index i on other.a (x)", 1, "'other.a' names a schema")]
    [InlineData("update other.a set x = 1", 1, "'other.a' names a schema")]
    [InlineData("select * from saga.place", 1, "Of the platform's schema saga")]
    [InlineData("alter table a disable row level security", 1, "Row-level security is the platform's")]
    [InlineData("alter table a no force row level security", 1, "Row-level security is the platform's")]
    [InlineData("alter table a alter column b set statistics 1000", 1, "Planner statistics are the platform's")]
    [InlineData("create statistics s on a, b from t", 1, "Extended statistics")]
    [InlineData("create materialized view v as select 1", 1, "Row-level security does not apply")]
    [InlineData("create unique index concurrently i on a (tenant_id)", 1, "This cannot run in a transaction")]
    [InlineData("vacuum", 1, "This concerns the whole server")]
    [InlineData("copy a from '/etc/passwd'", 1, "Insert rows with INSERT")]
    [InlineData("\\i other.sql", 1, "Commands of psql")]
    [InlineData("listen x", 1, "Channels of NOTIFY")]
    [InlineData("select pg_advisory_lock(1)", 1, "Advisory locks are the platform's")]
    [InlineData("select lo_create(0)", 1, "Large objects")]
    [InlineData("-- saga: shared\ncreate table a (id int)", 1, "'-- saga: shared' is not known")]
    [InlineData("-- saga: reference\ninsert into a values (1)", 1, "'-- saga: reference' must stand directly before CREATE TABLE")]
    public void Should_name_what_does_not_belong_in_it(string sql, int line, string message)
    {
        var fault = Check(sql).ShouldHaveSingleItem();

        fault.ShouldSatisfyAllConditions(f => f.File.ShouldBe("0001_test.sql"), f => f.Line.ShouldBe(line), f => f.Message.ShouldStartWith(message));
    }

    [Theory]
    [InlineData("-- create role x\n/* grant /* all */ to public */ select 'create role x; commit', E'it\\'s; create role x', $t$ plain text; it says nothing $t$")]
    [InlineData("create table \"role\" (role text, \"grant\" text); update a set role = 'admin'; alter table a drop role")]
    [InlineData("create function f() returns trigger language plpgsql as $$ begin new.role := old.role; return new; end $$")]
    [InlineData("create function f() returns int language sql begin atomic select 1; select case when true then 2 end; end; select 3")]
    [InlineData("create function f() returns int language sql security definer set search_path from current as 'select 1'")]
    [InlineData("select extract(year from a.born_on), a.x is distinct from b.x, substring(a.x from b.y) from patients a join b on a.id = b.id")]
    [InlineData("create table a (tenant_id uuid default saga.current_tenant(), at timestamptz default pg_catalog.now())")]
    [InlineData("insert into a (x) values (1) on conflict (x) do update set x = excluded.x")]
    [InlineData("revoke execute on function f from x; comment on table a is 'granted to public'")]
    [InlineData("create policy fewer on a as restrictive for select to public using (true)")]
    [InlineData("-- saga: reference\ncreate table if not exists a (id int); -- saga: reference\nalter table b rename to c")]
    [InlineData("select $1, 'it''s', a.\"b;c\" from a")]
    public void Should_take_what_belongs_in_it(string sql) => Check(sql).ShouldBeEmpty();

    [Fact]
    public void Should_let_seeds_only_write_rows_and_queries_only_ask()
    {
        var product = new ProductFiles(
            new ProductMigrations([new ProductMigration(1, "0001_a", "select 1")]),
            new Dictionary<string, ProductFile>(StringComparer.Ordinal) { ["basic"] = new("seed/basic.sql", "insert into a values (1);\ncreate table b (id int)") },
            [new("verify/a.sql", "select true;\nselect false"), new("verify/b.sql", "delete from a"), new("verify/c.sql", "with x as (select true) select * from x")],
            IsSample: false);

        ProductRules.Check(product).Select(f => f.ToString()).ShouldBe(
        [
            "seed/basic.sql:2: A seed may only insert, update, delete and select, as the tenant.",
            "verify/a.sql:2: A verification must be one query that answers true.",
            "verify/b.sql:1: A verification must be one query that answers true.",
        ]);
    }

    [Fact]
    public void Should_find_nothing_in_the_sample() => ProductRules.Check(ProductFiles.Sample()).ShouldBeEmpty();

    private static IReadOnlyList<ProductFault> Check(string sql) => ProductRules.Check(new ProductFiles(
        new ProductMigrations([new ProductMigration(1, "0001_test", sql)]), new Dictionary<string, ProductFile>(StringComparer.Ordinal), [], IsSample: false));
}
