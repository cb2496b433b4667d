using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Product.Check;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Product;

/// <summary>The files are run in a scratch database.</summary>
public sealed class When_a_product_is_checked(OwnServer server) : IClassFixture<OwnServer>, IDisposable
{
    private const string Good = "create table notes (tenant_id uuid not null default saga.current_tenant(), id int not null, text text, primary key (tenant_id, id));\n";
    private readonly ProductFolders folders = new();

    [Theory]
    [InlineData("create table plain (id int primary key)", "0002_more.sql:1: Table plain has no column tenant_id.")]
    [InlineData("-- saga: reference\ncreate table kinds (tenant_id uuid not null, id int, primary key (tenant_id, id))", "0002_more.sql:2: Table kinds is marked as a reference table and has a column tenant_id.")]
    [InlineData("create table rows (tenant_id text not null, id int, primary key (tenant_id, id))", "0002_more.sql:1: The column tenant_id of table rows must be uuid not null.")]
    [InlineData("create table rows (tenant_id uuid not null, id int primary key)", "0002_more.sql:1: The primary key of table rows must begin with tenant_id.")]
    [InlineData("create table rows (id int, tenant_id uuid not null, primary key (id, tenant_id))", "0002_more.sql:1: The primary key of table rows must begin with tenant_id.")]
    [InlineData("create table rows (tenant_id uuid not null)", "0002_more.sql:1: The primary key of table rows must begin with tenant_id.")]
    [InlineData("alter table notes add unique (id)", "must begin with tenant_id; otherwise it is searched before the tenant is known")]
    [InlineData("create index by_text on notes (text)", "0002_more.sql:1: Index by_text on table notes must begin with tenant_id")]
    [InlineData("\ncreate table rows (tenant_id uuid not null, id int, note int, primary key (tenant_id, id), other uuid,\n foreign key (other, note) references notes)", "0002_more.sql:2: Foreign key rows_other_note_fkey of table rows must pair tenant_id with tenant_id")]
    [InlineData("create table rows (tenant_id uuid not null, id int, note int, primary key (tenant_id, id), foreign key (tenant_id, note) references notes on delete set null)", "would empty tenant_id. Name the columns")]
    [InlineData("create policy everything on notes using (true)", "0002_more.sql:1: Policy everything on table notes permits rows.")]
    [InlineData("create table saga_rows (tenant_id uuid not null, id int, primary key (tenant_id, id))", "Names that begin with saga_ are the platform's: table saga_rows.")]
    [InlineData("create table tenants (tenant_id uuid primary key, name text not null)", "Table tenants is the platform's to fill")]
    [InlineData("create table rows (tenant_id uuid not null, id serial, primary key (tenant_id, id))", "0002_more.sql:1: Sequence rows_id_seq counts for all tenants of a database")]
    [InlineData("create table rows (tenant_id uuid not null, id smallint generated always as identity, primary key (tenant_id, id))", "0002_more.sql:1: Sequence rows_id_seq counts for all tenants of a database")]
    [InlineData("\ncreate sequence numbers as int", "0002_more.sql:2: Sequence numbers counts for all tenants of a database")]
    [InlineData("create sequence numbers maxvalue 1000000", "Sequence numbers counts for all tenants of a database")]
    [InlineData("create sequence numbers increment by 1000000000000", "Sequence numbers counts for all tenants of a database")]
    [InlineData("create sequence numbers increment by -1 minvalue -100", "Sequence numbers counts for all tenants of a database")]
    [InlineData("create sequence numbers; create table rows (tenant_id uuid not null, id int default nextval('numbers'), primary key (tenant_id, id))", "0002_more.sql:1: Column id of table rows takes its numbers from a sequence")]
    [InlineData("create table rows (tenant_id uuid not null, id bigserial, other bigint generated always as identity, primary key (tenant_id, id))", null)]
    [InlineData("create sequence numbers; alter table notes add number bigint default nextval('numbers')", null)]
    [InlineData("select 1;\nselect 1,\n  2 frm x", "0002_more.sql:3: The server refused it: syntax error")]
    [InlineData("do $$ begin execute 'create ' || 'role intruder'; end $$", "0002_more.sql:1: The server refused it: permission denied to create role.")]
    [InlineData("do $$ begin perform set_config('role', 'postgres', true); end $$", "The server refused it: ")]
    [InlineData("create function see() returns bigint language sql security definer set search_path from current as 'select count(*) from notes'", null)]
    [InlineData("create policy fewer on notes as restrictive using (id > 0)", null)]
    public async Task Should_find_what_its_tables_are_not(string more, string? fault)
    {
        var found = await CheckAsync(("0001_notes.sql", Good), ("0002_more.sql", more));

        if (fault is null)
            found.ShouldBeEmpty();
        else
            found.ShouldContain(f => f.Contains(fault, StringComparison.Ordinal), string.Join('\n', found));
    }

    [Theory]
    [InlineData("seed/basic.sql", "insert into notes (id) values (1);\ninsert into notes (id) values (1)", "seed/basic.sql:2: The server refused it: duplicate key")]
    [InlineData("seed/basic.sql", "insert into notes (tenant_id, id) values (gen_random_uuid(), 1)", "seed/basic.sql:1: The server refused it: new row violates row-level security policy")]
    [InlineData("verify/a.sql", "select exists (select from notes)", "verify/a.sql:1: It does not answer true for a new tenant.")]
    [InlineData("verify/a.sql", "select count(*) from notes", "verify/a.sql:1: It does not answer true for a new tenant.")]
    [InlineData("verify/a.sql", "with gone as (delete from notes returning 1) select true from gone", "verify/a.sql:1: The server refused it: cannot execute ")]
    [InlineData("verify/a.sql", "select not exists (select from notes)", null)]
    public async Task Should_rehearse_a_tenant(string path, string text, string? fault)
    {
        var found = await CheckAsync(("0001_notes.sql", Good), (path, text));

        if (fault is null)
            found.ShouldBeEmpty();
        else
            found.ShouldHaveSingleItem().ShouldStartWith(fault);
    }

    [Fact]
    public async Task Should_ask_the_queries_for_a_plan_without_a_seed_too() =>
        (await CheckAsync(("0001_notes.sql", Good), ("seed/basic.sql", "insert into notes (id) values (1)"), ("verify/a.sql", "select exists (select from notes)")))
            .ShouldBe(["verify/a.sql:1: It does not answer true for a new tenant."]);

    [Fact]
    public async Task Should_find_copies_of_rows_without_policies()
    {
        var found = await CheckAsync(("0001_notes.sql", Good), ("0002_more.sql", "create materialized view all_notes as select * from notes"));

        found.ShouldHaveSingleItem().ShouldStartWith("0002_more.sql:1: Row-level security does not apply to all_notes.");
    }

    [Fact]
    public async Task Should_find_nothing_in_the_clinic_and_the_sample()
    {
        (await CheckAsync(ProductFolder.Read(ProductFolders.Clinic).Files)).ShouldBeEmpty();
        (await CheckAsync(ProductFiles.Sample())).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_nothing_on_the_server_and_take_away_what_a_killed_check_left()
    {
        await using (var connection = new NpgsqlConnection(TestProvisioner.On(server.ConnectionString)))
        {
            await connection.ExecuteAsync("create role saga_check_0123456789ab_owner");
            await connection.ExecuteAsync("create database saga_check_0123456789ab");
        }

        await CheckAsync(("0001_notes.sql", Good));

        await using var after = new NpgsqlConnection(server.ConnectionString);
        (await after.QueryAsync<string>("select datname from pg_database where datname like 'saga_check%' union select rolname from pg_roles where rolname like 'saga_check%'")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_alone_what_an_administrator_looks_into()
    {
        await using (var connection = new NpgsqlConnection(TestProvisioner.On(server.ConnectionString)))
            await connection.ExecuteAsync("create database saga_check_ba9876543210");
        await using (var administrator = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "saga_check_ba9876543210", Pooling = false }.ConnectionString))
        {
            await administrator.OpenAsync();

            (await CheckAsync(("0001_notes.sql", Good))).ShouldBeEmpty();

            (await administrator.ExecuteScalarAsync<string>("select current_database()")).ShouldBe("saga_check_ba9876543210");
        }

        await using var after = new NpgsqlConnection(server.ConnectionString);
        await Until.TrueAsync(
            async () => !await after.ExecuteScalarAsync<bool>("select exists (select from pg_stat_activity where datname = 'saga_check_ba9876543210' and usename is not null)"),
            "the administrator's session has ended");
        await after.ExecuteAsync("drop database saga_check_ba9876543210");
    }

    [Fact]
    public async Task Should_keep_workers_from_starting_with_faults()
    {
        var folder = folders.Of(("0001_plain.sql", "\ncreate table plain (id int primary key);"));

        var refused = await Should.ThrowAsync<OptionsValidationException>(() => DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: ("Saga:Product:Migrations", folder)));

        refused.Failures.ShouldHaveSingleItem().ShouldStartWith("Saga:Product:Migrations: 0001_plain.sql:2: Table plain has no column tenant_id.");
    }

    public void Dispose() => folders.Dispose();

    private Task<IReadOnlyList<string>> CheckAsync(params ReadOnlySpan<(string Path, string Text)> files) => CheckAsync(ProductFolder.Read(folders.Of(files)).Files);

    private async Task<IReadOnlyList<string>> CheckAsync(ProductFiles product)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        return [.. (await new ProductCheck(product, world.Get<Workers.Database.Servers.DatabaseServers>()).RunAsync("main", default)).Select(f => f.ToString())];
    }
}
