using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Moves;

/// <summary>Over HTTP and two database servers: from shared tables to a schema, to a database on the other server, and back.</summary>
[Collection(Alone.Name)]
[InTurn(1, of: 3)]
public sealed class When_a_tenant_moves
{
    [Fact]
    public async Task Should_keep_its_rows_from_basic_to_premium_and_to_enterprise_on_another_server_and_back()
    {
        var world = await World.SharedAsync();
        var other = await World.NewPostgresAsync();
        await using var site = await MoveSite.StartAsync(
            new SiteServer("main", world.Postgres.ConnectionString("postgres")), new SiteServer("other", other.ConnectionString("postgres")));
        await using var api = await SiteApi.StartAsync(site.Site);
        var http = api.Http;
        await api.EndedAsync("/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "basic", adminEmail = "ada@acme.example" }, "completed");
        var tenant = TenantId.Parse((await http.GetFromJsonAsync<JsonElement>("/api/v1/tenants/acme")).GetProperty("id").GetString()!);
        await site.FillAsync(tenant, users: 20, documents: 200);
        var rows = await site.RowsAsync(tenant);
        rows.ShouldStartWith("4000 ");

        await api.EndedAsync("/api/v1/tenants/acme/migrate", new { targetPlan = "premium", isolation = "schema", migrationOptions = new { downtime = true } }, "completed");

        (await site.WhereAsync(tenant)).ShouldBe("schema main premium");
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        await api.EndedAsync("/api/v1/tenants/acme/migrate", new { targetPlan = "enterprise", isolation = "database", server = "other", migrationOptions = new { downtime = true } }, "completed");

        (await site.WhereAsync(tenant)).ShouldBe("database other enterprise");
        (await site.RowsAsync(tenant)).ShouldBe(rows);
        var shown = await http.GetFromJsonAsync<JsonElement>("/api/v1/tenants/acme");
        (shown.GetProperty("plan").GetString(), shown.GetProperty("status").GetString(), shown.GetProperty("isolation").GetString()).ShouldBe(("enterprise", "active", "database"));
        await ExternalState.CompareAsync(site.Site);

        await api.EndedAsync("/api/v1/tenants/acme/migrate/revert", new { reason = "It is too far away." }, "completed");

        (await site.WhereAsync(tenant)).ShouldBe("schema main premium");
        (await site.RowsAsync(tenant)).ShouldBe(rows);
        await ExternalState.CompareAsync(site.Site);

        await site.FillAsync(tenant, users: 1, documents: 0);
        rows = await site.RowsAsync(tenant);
        var refused = await api.EndedAsync("/api/v1/tenants/acme/migrate/revert", new { }, "compensated");
        refused.ToString().ShouldContain("written-since-move");
        (await site.WhereAsync(tenant)).ShouldBe("schema main premium");
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        var removal = (await http.GetFromJsonAsync<JsonElement>("/api/v1/scheduled?kind=remove-copy&state=scheduled")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        using var run = await http.PostAsJsonAsync($"/api/v1/scheduled/{removal.GetProperty("id").GetString()}/run", new { reason = "The space is needed." });
        run.IsSuccessStatusCode.ShouldBeTrue(await run.Content.ReadAsStringAsync());
        await Until.TrueAsync(() => site.ScalarAsync<bool>("select exists (select from operations where kind = 'remove-copy' and state = 'completed')"), "the copy is removed", TimeSpan.FromSeconds(60));
        (await site.ScalarAsync<string>("select string_agg(state, ' ' order by created_at) from placements")).ShouldBe("gone current gone");
        (await site.RowsAsync(tenant)).ShouldBe(rows);
        await ExternalState.CompareAsync(site.Site);
        using var none = await http.PostAsJsonAsync("/api/v1/tenants/acme/migrate/revert", new { });
        none.StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }
}
