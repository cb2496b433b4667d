using System.Net.Http.Json;
using System.Text.Json;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_batch_is_prepared : ApiTest
{
    private static readonly object Mended = new { filter = new { code = "postgresql-53100" }, reason = "The disk was full." };

    protected override async Task<ApiServer> StartAsync()
    {
        var server = await base.StartAsync();
        await server.ExecuteAsync("update processes set orchestrates = true, engine_level = 3");
        return server;
    }

    [Fact]
    public async Task Should_show_what_it_is_for_and_keep_that()
    {
        await StalledAsync("acme", "postgresql-53100");
        await StalledAsync("bolt", "postgresql-53100");
        await StalledAsync("crux", "slug-taken");

        using var response = await PostAsync("/replays", Mended);
        await StalledAsync("dune", "postgresql-53100");

        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        var prepared = await ApiServer.JsonAsync(response);
        var batch = await Server.GetAsync(response.Headers.Location!.ToString());
        batch.GetRawText().ShouldBe(prepared.GetRawText());
        (Text(batch, "kind"), Text(batch, "state"), Text(batch, "preparedBy"), Text(batch, "reason")).ShouldBe(("replays", "prepared", "ada", "The disk was full."));
        batch.GetProperty("items").GetProperty("total").GetInt32().ShouldBe(2);
        var group = batch.GetProperty("groups").EnumerateArray().Single();
        (Text(group, "kind"), Text(group, "step"), Text(group, "code"), group.GetProperty("count").GetInt32()).ShouldBe(("provision", "database.create", "postgresql-53100", 2));
        Text(group, "help").ShouldContain("/docs/failures/postgresql-");
        var items = (await Server.GetAsync($"/api/v1/batches/{Text(batch, "id")}/items?limit=1")).GetProperty("items").EnumerateArray().Single();
        (items.GetProperty("number").GetInt32(), Text(items, "state"), items.GetProperty("version").GetInt64() > 0).ShouldBe((1, "pending", true));
        (await Server.QueryAsync<string>("select concat_ws('|', actor, detail ->> 'items', detail ->> 'reason') from audit where action = 'batch.prepare'")).ShouldBe("ada|2|The disk was full.");
        (await Server.QueryAsync<long>("select count(*) from outbox where message_type like '%Replay%'")).ShouldBe(0, "nothing is ordered");
    }

    [Fact]
    public async Task Should_be_followed_until_it_ends()
    {
        await StalledAsync("acme", "postgresql-53100");
        using var response = await PostAsync("/replays", Mended);
        var address = response.Headers.Location!.ToString();
        using var unknown = await Server.Viewer.GetAsync($"/api/v1/batches/{Guid.NewGuid()}/events");
        await ProblemAsync(unknown, 404, "batch-not-found");
        await using var events = await EventReader.OpenAsync(Server, $"{address}/events");

        var first = await events.NextAsync();
        await Server.ExecuteAsync("update batches set state = 'running', wave = 1, wave_size = 1, operation_id = (select id from operations limit 1), run_by = 'ada'");
        var second = await events.NextAsync();
        await Server.ExecuteAsync("update batches set state = 'aborted', ended_at = now(), ended_by = 'ada', end_reason = 'No.'");
        var third = await events.NextAsync();

        (first.Id, first.Name, Text(first.Data, "state")).ShouldBe((0, "batch", "prepared"));
        (Text(second.Data, "state"), second.Data.GetProperty("items").GetProperty("total").GetInt32()).ShouldBe(("running", 1));
        third.Data.GetRawText().ShouldBe((await Server.GetAsync(address)).GetRawText());
        Text(third.Data, "state").ShouldBe("aborted");
        (await events.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Should_be_prepared_once_for_the_same_idempotency_key()
    {
        await StalledAsync("acme", "postgresql-53100");

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync("/replays", Mended, "once")));
        using var other = await PostAsync("/replays", new { filter = new { }, reason = "Another." }, "once");

        together.Select(r => (int)r.StatusCode).ShouldAllBe(s => s == 201);
        together.Select(r => r.Headers.Location).Distinct().Count().ShouldBe(1);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        (await Server.QueryAsync<long>("select count(*) from batches")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_name_every_field_that_breaks_a_rule()
    {
        await PointersAsync("/replays", new { reason = " ", wave = new { first = 0, factor = 101, max = 20_000 }, ratePerMinute = 0, stopAtFailureRatio = 1.1 },
            "/filter /reason /wave/first /wave/factor /wave/max /ratePerMinute /stopAtFailureRatio");
        await PointersAsync("/replays", new { reason = "x", ids = Array.Empty<Guid>(), filter = new { state = "running" } }, "/filter /ids /filter/state");
        await PointersAsync("/replays", new { reason = "x", filter = new { code = "none" } }, "/filter");
        await PointersAsync("/replays", new { reason = "x", ids = new[] { Guid.NewGuid() } }, "/ids");
        await PointersAsync("/replays", new { reason = "x", filter = new { kinds = "provision" } }, "/filter/kinds");
        await PointersAsync("/tenants/bulk", new { action = "deprovision", tenants = new[] { "acme" }, selector = new { status = "gone" }, reason = "x" }, "/action /selector /selector/status");
        await PointersAsync("/tenants/bulk", new { action = "suspend", tenants = new[] { "acme" }, reason = "x", input = new { code = "boredom", tenantId = "x" } }, "/input/tenantId");
        await PointersAsync("/tenants/bulk", new { action = "suspend", tenants = new[] { "acme" }, reason = "x", input = new { code = "boredom" } }, "/input/reason /input/code");
        await PointersAsync("/tenants/bulk", new { action = "suspend", tenants = new[] { "acme" }, reason = "x", input = new { reason = "Late." } }, "/tenants");
        (await Server.QueryAsync<long>("select count(*) from batches")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_the_places_of_an_upgrade_and_who_lags_behind()
    {
        await PlacesAsync();

        using var response = await PostAsync("/fleet/upgrades", new { targetVersion = 2, selector = new { tier = "database" }, backupFirst = true, reason = "The new version." });

        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        var batch = await ApiServer.JsonAsync(response);
        (Text(batch, "kind"), Text(batch, "action"), batch.GetProperty("input").GetRawText()).ShouldBe(("upgrades", "upgrade", "{\"backupFirst\":true,\"targetVersion\":2}"));
        var item = (await Server.GetAsync($"/api/v1/batches/{Text(batch, "id")}/items")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        item.GetProperty("place").GetRawText().ShouldBe("{\"tier\":\"database\",\"server\":\"main\",\"database\":\"tenant_bolt\",\"schema\":\"product\",\"tenants\":1}");
        Text(item, "tenantId").ShouldNotBeNull();
        (await Server.GetAsync("/api/v1/batches?kind=upgrades")).GetProperty("items").GetArrayLength().ShouldBe(1);

        var page = await Server.GetAsync("/api/v1/fleet/versions?limit=2");
        (page.GetProperty("newest").GetInt32(), page.GetProperty("versions").GetRawText()).ShouldBe((2,
            "[{\"tier\":\"database\",\"version\":1,\"places\":2,\"tenants\":2},{\"tier\":\"row\",\"version\":1,\"places\":1,\"tenants\":2},{\"tier\":\"schema\",\"version\":2,\"places\":1,\"tenants\":1}]"));
        var next = await Server.GetAsync($"/api/v1/fleet/versions?limit=2&cursor={Text(page, "nextCursor")}");
        var behind = page.GetProperty("items").EnumerateArray().Concat(next.GetProperty("items").EnumerateArray()).ToList();
        behind.Select(b => $"{Text(b.GetProperty("place"), "database")} {Text(b, "why")}").ShouldBe(["saga_rows notOrdered", "tenant_bolt notOrdered", "tenant_calm autoUpdateOff"]);
        behind[0].TryGetProperty("tenantId", out _).ShouldBeFalse();
        (await Server.GetAsync("/api/v1/fleet/versions?tier=row")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Should_name_every_field_of_an_upgrade_that_breaks_a_rule()
    {
        await PlacesAsync();
        await PointersAsync("/fleet/upgrades", new { targetVersion = 3, reason = " ", tenants = new[] { "bolt" }, selector = new { status = "failed" }, wave = new { first = 0 } }, "/targetVersion /tenants /selector/status /reason /wave/first");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 1, reason = "x" }, "/selector");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", tenants = new[] { "nobody" } }, "/tenants");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", backupFirst = true }, "/backupFirst");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = true }, "/rehearse");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = new { } }, "/rehearse/tenants");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = new { tenants = Array.Empty<string>() } }, "/rehearse/tenants");
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = new { tenants = Enumerable.Repeat("bolt", 21) } }, "/rehearse/tenants");
        // One with shared tables, one without automatic updates that is not named, and one that is not there.
        await PointersAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = new { tenants = new[] { "bolt", "acme", "calm", "nobody" } } }, "/rehearse/tenants/1 /rehearse/tenants/2 /rehearse/tenants/3");
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));
        using var prepared = await PostAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x" }, client: operators);
        var batch = await PreparedAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x" });
        using var run = await PostAsync($"/batches/{batch}/run", client: operators);
        foreach (var refused in new[] { prepared, run })
            await ProblemAsync(refused, 403, "forbidden");
    }

    [Fact]
    public async Task Should_show_what_is_rehearsed_before_it()
    {
        await PlacesAsync();
        var bolt = await Server.QueryAsync<string>("select id::text from tenants where slug = 'bolt'");
        var id = await PreparedAsync("/fleet/upgrades", new { targetVersion = 2, reason = "x", rehearse = new { tenants = new[] { "bolt", bolt } } });

        var items = (await Server.GetAsync($"/api/v1/batches/{id}/items")).GetProperty("items").EnumerateArray().ToList();
        items.Select(i => $"{Text(i.GetProperty("place"), "database")} {(i.TryGetProperty("rehearsal", out var rehearsal) ? rehearsal.GetInt32() : 0)}").ShouldBe(["tenant_bolt 1", "saga_rows 0", "tenant_bolt 0"]);
        Text(items[0], "tenantId").ShouldBe(bolt);
        Text(await Server.GetAsync($"/api/v1/batches/{id}"), "action").ShouldBe("upgrade");

        // It paused by itself. What lags behind is shown by its upgrade, and not by its rehearsal.
        using var run = await PostAsync($"/batches/{id}/run");
        await Server.ExecuteAsync(
            """
            update batches set state = 'paused', pause_code = 'rehearsal-failed', pause_reason = 'It failed.';
            update batch_items set state = 'failed', failure = '{"code": "postgresql-23514", "message": "Too long.", "kind": "permanent"}' where rehearsal is not null
            """);
        var paused = await Server.GetAsync($"/api/v1/batches/{id}");
        (Text(paused, "pauseCode"), Text(paused, "pauseReason")).ShouldBe(("rehearsal-failed", "It failed."));
        var behind = (await Server.GetAsync("/api/v1/fleet/versions?tier=database")).GetProperty("items").EnumerateArray().ToList();
        behind.Select(b => $"{Text(b.GetProperty("place"), "database")} {Text(b, "why")}").ShouldBe(["tenant_bolt ordered", "tenant_calm autoUpdateOff"]);
        using var resumed = await PostAsync($"/batches/{id}/resume", new { reason = "It is mended." });
        var again = await ApiServer.JsonAsync(resumed);
        (Text(again, "state"), again.TryGetProperty("pauseCode", out _), again.GetProperty("wave").GetInt32()).ShouldBe(("running", false, 1));
        var rehearsed = (await Server.GetAsync($"/api/v1/batches/{id}/items?limit=1")).GetProperty("items").EnumerateArray().Single();
        (Text(rehearsed, "state"), rehearsed.GetProperty("rehearsal").GetInt32(), rehearsed.TryGetProperty("failure", out _)).ShouldBe(("pending", 2, false));
        // What was only rehearsed was not ordered.
        await Server.ExecuteAsync("delete from batch_items where rehearsal is null");
        Text((await Server.GetAsync("/api/v1/fleet/versions?tier=database")).GetProperty("items").EnumerateArray().First(), "why").ShouldBe("notOrdered");
    }

    [Fact]
    public async Task Should_run_once()
    {
        await StalledAsync("acme", "postgresql-53100");
        var id = await PreparedAsync("/replays", Mended);
        var claims = Server.Issuer.Claims(Roles.Operator);
        claims["sub"] = "olga";
        using var olga = Server.Client(Server.Issuer.Sign(claims));

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync($"/batches/{id}/run")));
        using var other = await PostAsync($"/batches/{id}/run", client: olga);

        together.Select(r => (int)r.StatusCode).ShouldAllBe(s => s == 202);
        var operation = together.Select(r => r.Headers.Location!.ToString()).Distinct().ShouldHaveSingleItem();
        (await ProblemAsync(other, 409, "batch-state")).GetProperty("operation").GetString().ShouldBe(operation);
        var batch = await Server.GetAsync($"/api/v1/batches/{id}");
        (Text(batch, "state"), Text(batch, "operation"), Text(batch, "runBy"), batch.GetProperty("wave").GetInt32()).ShouldBe(("running", operation, "ada", 1));
        (await Server.GetAsync(operation)).GetProperty("kind").GetString().ShouldBe("batch");
    }

    [Fact]
    public async Task Should_need_the_role_of_what_it_orders()
    {
        await StalledAsync("acme", "postgresql-53100");
        await Server.ExecuteAsync("update tenants set status = 'active'");
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));
        var suspension = new { action = "suspend", tenants = new[] { "acme" }, reason = "x", input = new { reason = "Late." } };
        var commands = await PreparedAsync("/tenants/bulk", suspension);
        var replays = await PreparedAsync("/replays", Mended, operators);

        using var prepared = await PostAsync("/tenants/bulk", suspension, client: operators);
        using var run = await PostAsync($"/batches/{commands}/run", client: operators);
        using var aborted = await PostAsync($"/batches/{commands}/abort", new { reason = "x" }, client: operators);
        using var viewed = await PostAsync($"/batches/{replays}/run", client: Server.Viewer);
        using var ran = await PostAsync($"/batches/{replays}/run", client: operators);

        foreach (var refused in new[] { prepared, run, aborted, viewed })
            await ProblemAsync(refused, 403, "forbidden");
        ((int)ran.StatusCode).ShouldBe(202);
        (await Server.QueryAsync<bool>("select as_operator from batches where kind = 'replays'")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_take_orders_that_its_state_allows()
    {
        await StalledAsync("acme", "postgresql-53100");
        var id = await PreparedAsync("/replays", Mended);
        using var early = await PostAsync($"/batches/{id}/pause", new { reason = "x" });
        (await ProblemAsync(early, 409, "batch-state")).GetProperty("detail").GetString().ShouldBe("The batch is prepared. Only one that is running can be paused.");
        using var run = await PostAsync($"/batches/{id}/run");

        foreach (var (order, state) in new[] { ("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("abort", "aborted"), ("abort", "aborted") })
        {
            using var response = await PostAsync($"/batches/{id}/{order}", new { reason = "Because." });
            ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
            Text(await ApiServer.JsonAsync(response), "state").ShouldBe(state);
        }

        using var late = await PostAsync($"/batches/{id}/resume", new { reason = "x" });
        await ProblemAsync(late, 409, "batch-state");
        using var unknown = await PostAsync($"/batches/{Guid.NewGuid()}/pause", new { reason = "x" });
        await ProblemAsync(unknown, 404, "batch-not-found");
        using var wordless = await PostAsync($"/batches/{id}/pause", new { });
        Pointers(await ProblemAsync(wordless, 422, "validation")).ShouldBe("/reason");
        (await Server.QueryAsync<string>("select string_agg(action, ' ' order by id) from audit where action like 'batch.%'")).ShouldBe("batch.prepare batch.run batch.pause batch.resume batch.abort");
        (await Server.QueryAsync<long>("select count(*) from batch_items where state = 'skipped'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_run_when_it_was_prepared_too_long_ago()
    {
        await StalledAsync("acme", "postgresql-53100");
        var id = await PreparedAsync("/replays", Mended);
        await Server.ExecuteAsync("update batches set expires_at = now()");

        using var run = await PostAsync($"/batches/{id}/run");

        (await ProblemAsync(run, 409, "batch-state")).GetProperty("detail").GetString().ShouldBe("The batch was prepared too long ago. Prepare it again.");
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'batch'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_listed()
    {
        await StalledAsync("acme", "postgresql-53100");
        await Server.ExecuteAsync("update tenants set status = 'active'");
        var first = await PreparedAsync("/replays", Mended);
        var second = await PreparedAsync("/tenants/bulk", new { action = "verify", selector = new { plan = "enterprise" }, reason = "After the upgrade." });

        string Ids(JsonElement page) => string.Join(' ', page.GetProperty("items").EnumerateArray().Select(b => Text(b, "id")));
        Ids(await Server.GetAsync("/api/v1/batches")).ShouldBe($"{second} {first}");
        Ids(await Server.GetAsync("/api/v1/batches?kind=commands&state=prepared")).ShouldBe(second);
        Ids(await Server.GetAsync("/api/v1/batches?state=running,paused")).ShouldBe("");
        var page = await Server.GetAsync("/api/v1/batches?limit=1");
        Ids(await Server.GetAsync($"/api/v1/batches?limit=1&cursor={Text(page, "nextCursor")}")).ShouldBe(first);
        var item = (await Server.GetAsync($"/api/v1/batches/{second}/items")).GetProperty("items").EnumerateArray().Single();
        Text(item, "tenantId").ShouldBe(await Server.QueryAsync<string>("select id::text from tenants"));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task StalledAsync(string slug, string code)
    {
        var id = await Server.AcceptedAsync(slug);
        await Server.ExecuteAsync(
            $$"""update operations set state = 'stalled', failed_at = now(), failed_step = 'database.create', failed_back = false, failure = '{"code": "{{code}}", "message": "x", "kind": "permanent"}' where id = '{{id}}'""");
    }

    private async Task<string> PreparedAsync(string path, object body, HttpClient? client = null)
    {
        using var response = await PostAsync(path, body, client: client);
        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        return Text(await ApiServer.JsonAsync(response), "id");
    }

    private async Task PointersAsync(string path, object body, string pointers)
    {
        using var response = await PostAsync(path, body);
        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointers);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, object? body = null, string? key = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1" + path);
        if (body is not null)
            request.Content = JsonContent.Create(body, options: JsonSerializerOptions.Web);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }

    private Task PlacesAsync() => Server.ExecuteAsync(
        """
        insert into product_versions (version, name, checksum) values (1, 'one', 'x'), (2, 'two', 'y');
        insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('main', 'eu', 'localhost', 5432, 100, 100) on conflict do nothing;
        with places (slug, tier, database, schema, version, auto_update) as (values
            ('acme', 'row', 'saga_rows', 'product', 1, true), ('axle', 'row', 'saga_rows', 'product', 1, false), ('bolt', 'database', 'tenant_bolt', 'product', 1, true),
            ('calm', 'database', 'tenant_calm', 'product', 1, false), ('dune', 'schema', 'saga_schemas_1', 't_dune', 2, true)),
        made as (
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email, auto_update)
            select gen_random_uuid(), slug, slug, 'basic', tier, 'active', slug, 'UTC', 'admin@example.com', auto_update from places returning id, slug)
        insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state, schema_version)
        select gen_random_uuid(), m.id, 1, 'main', p.database, p.schema, p.tier, 't_' || p.slug, case when p.tier <> 'row' then 't_' || p.slug || '_owner' end, 'current', p.version
        from places p join made m on m.slug = p.slug
        """);
}
