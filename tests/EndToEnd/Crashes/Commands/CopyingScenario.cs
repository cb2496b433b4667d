using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Adopt;
using Saga.Tests.Support.Keycloak;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>The rows of a product without tenants are copied into the shared tables, and its users become members.</summary>
internal static class CopyingScenario
{
    public static CrashScenario Definition { get; } = new(AdoptWorkflow.CopiedWithUsers, async site =>
    {
        await site.NeighbourAsync();
        var tenant = new TenantId(Guid.CreateVersion7());
        var slug = $"copied-{tenant.Compact[^12..]}";
        var database = await MakeAsync(site, $"old_{tenant.Compact[^16..]}");
        var source = await SourceAsync(site, database);
        var user = site.Site.Keycloak.Add(new StubUser { Id = Guid.NewGuid().ToString(), Username = $"bob@{slug}.example", Email = $"bob@{slug}.example", EmailVerified = true });
        var command = new AdoptTenant
        {
            Name = slug, Slug = slug, Plan = "custom", AdminEmail = $"ada@{slug}.example", Server = "main", Database = database, Schema = "shop", Isolation = "row", TenantId = tenant.ToString(),
            Users = new() { From = "list", Emails = [user.Email!] },
        };
        return new(command, async () =>
        {
            (await StatusAsync(site, tenant)).ShouldBe("active");
            (await CrashRows.ReadAsync(site, tenant)).ShouldStartWith("2 2 1 ");
            var organization = site.Site.Keycloak.Organizations.Single(o => o.Alias == slug);
            organization.Members.Count.ShouldBe(2);
            organization.Members.Count(m => m == user.Id).ShouldBe(1);
            (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.activate'", new { tenant.Value })).ShouldBeLessThanOrEqualTo(1);
            (await SourceAsync(site, database)).ShouldBe(source, "the source stays as it is");
            await site.RequireNeighbourAsync();
        })
        {
            UndoneAsync = async () =>
            {
                (await StatusAsync(site, tenant)).ShouldBe("failed");
                (await CrashRows.ReadAsync(site, tenant)).ShouldBe("0 0 0");
                site.Site.Keycloak.Organizations.ShouldNotContain(o => o.Alias == slug);
                site.Site.Keycloak.Users.ShouldContain(u => u.Id == user.Id, "it was there before");
                (await SourceAsync(site, database)).ShouldBe(source, "the source stays as it is");
                await site.RequireNeighbourAsync();
            },
        };
    })
    { Name = "adopt-copying", HasUsualNames = false };

    private static async Task<string> MakeAsync(CrashSite site, string name)
    {
        await using (var server = await CrashRows.OpenAsync(site, "postgres", "public"))
        {
            await server.ExecuteAsync($"create database {name}");
            await server.ExecuteAsync($"revoke connect on database {name} from public; grant connect on database {name} to saga_provisioner");
        }

        await using var connection = await CrashRows.OpenAsync(site, name, "shop");
        await connection.ExecuteAsync(
            """
            create schema shop;
            create table users (id uuid primary key default gen_random_uuid(), email text not null, display_name text not null, created_at timestamptz not null default now());
            create table documents (
                id uuid primary key default gen_random_uuid(), author_id uuid references users, title text not null, body text not null default '',
                created_at timestamptz not null default now(), updated_at timestamptz not null default now());
            create table settings (key text primary key, value jsonb not null, updated_at timestamptz not null default now());
            insert into users (email, display_name) values ('a@acme.com', 'A'), ('b@acme.com', 'B');
            insert into documents (title, author_id) select 'Of ' || display_name, id from users;
            insert into settings (key, value) values ('colour', '"red"');
            grant usage on schema shop to saga_provisioner;
            grant select on all tables in schema shop to saga_provisioner;
            """);
        return name;
    }

    private static async Task<string?> SourceAsync(CrashSite site, string database)
    {
        await using var connection = await CrashRows.OpenAsync(site, database, "shop");
        return await connection.ExecuteScalarAsync<string>(
            """
            select md5(concat((select string_agg(u::text, '|' order by id) from users u), (select string_agg(d::text, '|' order by id) from documents d),
                (select string_agg(s::text, '|') from settings s), (select string_agg(c.relname::text || c.relkind::text, '|' order by c.relname) from pg_class c where relnamespace = 'shop'::regnamespace)))
            """);
    }

    private static Task<string?> StatusAsync(CrashSite site, TenantId tenant) => site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value });
}
