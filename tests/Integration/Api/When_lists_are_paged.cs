using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_lists_are_paged : ApiTest
{
    [Theory]
    [InlineData("-createdAt")]
    [InlineData("createdAt")]
    [InlineData("slug")]
    [InlineData("-slug")]
    public async Task Should_show_each_tenant_once_although_others_come_meanwhile(string sort)
    {
        await TenantsAsync("a", 0, 23);
        var seen = new List<string>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await Server.GetAsync($"/api/v1/tenants?limit=5&sort={sort}{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("slug").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            // Rows on both sides of the page in every order: newer and older, alphabetically before and after.
            await TenantsAsync($"a{pages}", 1000, 2);
            await TenantsAsync($"z{pages}", -100_000, 2);
            pages++;
        }
        while (cursor is not null && pages < 30);

        var known = Enumerable.Range(0, 23).Select(i => $"a-{i:d3}").ToList();
        seen.ShouldBe(seen.Distinct());
        seen.Where(known.Contains).ShouldBe(sort is "createdAt" or "slug" ? known : Enumerable.Reverse(known));
    }

    [Fact]
    public async Task Should_page_equals_by_their_id()
    {
        await Server.ExecuteAsync(Insert("now()", "'t-' || i", "generate_series(100, 120) i"));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Server.GetAsync($"/api/v1/tenants?limit=4{(cursor is null ? "" : $"&cursor={cursor}")}");
            page.GetProperty("items").GetArrayLength().ShouldBeLessThanOrEqualTo(4);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("slug").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        seen.Order().ShouldBe(Enumerable.Range(100, 21).Select(i => $"t-{i}"));
    }

    [IsolationSuite]
    [Theory]
    [InlineData("/api/v1/tenants?sort=-createdAt", "-createdAt", "soon")]
    [InlineData("/api/v1/tenants?sort=createdAt", "createdAt", "")]
    [InlineData("/api/v1/tenants?sort=createdAt", "createdAt", " 5")]
    [InlineData("/api/v1/tenants?sort=createdAt", "createdAt", "99999999999999999999")]
    [InlineData("/api/v1/tenants?sort=slug", "slug", "A'B")]
    [InlineData("/api/v1/operations?limit=1", "-createdAt", "-1")]
    [InlineData("/api/v1/dead-letters?limit=1", "-firstAt", "x")]
    public async Task Should_refuse_a_cursor_with_a_broken_key(string list, string sort, string key)
    {
        await TenantsAsync("a", 0, 3);
        var cursor = new Saga.Registry.Paging.Cursor(sort, key, Guid.NewGuid());

        using var response = await Server.Admin.GetAsync(new Uri($"{list}&cursor={cursor}", UriKind.Relative));

        ((int)response.StatusCode).ShouldBe(400);
    }

    [Fact]
    public async Task Should_refuse_a_cursor_of_another_order()
    {
        await TenantsAsync("a", 0, 3);
        var cursor = (await Server.GetAsync("/api/v1/tenants?limit=1&sort=slug")).GetProperty("nextCursor").GetString();

        using var response = await ReadAsync($"/api/v1/tenants?limit=1&sort=createdAt&cursor={cursor}");

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe("cursor");
    }

    [Fact]
    public async Task Should_limit_a_page_to_fifty_when_nothing_is_said()
    {
        await TenantsAsync("a", 0, 60);

        (await Server.GetAsync("/api/v1/tenants")).GetProperty("items").GetArrayLength().ShouldBe(50);
        (await Server.GetAsync("/api/v1/tenants?limit=200")).GetProperty("items").GetArrayLength().ShouldBe(60);
    }

    [Theory]
    [InlineData("search=ACM", "acme")]
    [InlineData("search=100%25", "bolt")]
    [InlineData("search=_", "bolt")]
    [InlineData("search=%25", "bolt")]
    [InlineData("search=%5C", "")]
    [InlineData("search=cab.exam", "cord")]
    [InlineData("search='--", "")]
    [InlineData("status=active", "bolt")]
    [InlineData("status=active,failed", "bolt cord")]
    [InlineData("plan=basic", "acme")]
    [InlineData("status=provisioning&plan=basic&search=acme&sort=slug", "acme")]
    public async Task Should_find_tenants(string query, string slugs)
    {
        await Server.ExecuteAsync(
            """
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email, domain, created_at) values
            (gen_random_uuid(), 'acme', 'Acme Ltd', 'basic', 'row', 'provisioning', 'acme', 'UTC', 'a@b.co', null, now() - interval '3 s'),
            (gen_random_uuid(), 'bolt', '100% b_lt', 'premium', 'schema', 'active', 'bolt', 'UTC', 'a@b.co', null, now() - interval '2 s'),
            (gen_random_uuid(), 'cord', 'Cord', 'enterprise', 'database', 'failed', 'cord', 'UTC', 'a@b.co', 'cab.example', now() - interval '1 s')
            """);

        var page = await Server.GetAsync("/api/v1/tenants?sort=createdAt&" + query.Replace("&sort=slug", "", StringComparison.Ordinal));

        Slugs(page).ShouldBe(slugs);
    }

    [Fact]
    public async Task Should_find_a_tenant_by_id_and_by_slug_and_the_living_before_the_dead()
    {
        await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync("update tenants set status = 'failed'; update operations set state = 'compensated'; delete from operation_scopes");
        await Server.AcceptedAsync("acme");

        var living = await Server.GetAsync("/api/v1/tenants/acme");

        living.GetProperty("status").GetString().ShouldBe("provisioning");
        var dead = (await Server.GetAsync("/api/v1/tenants?status=failed")).GetProperty("items")[0];
        (await Server.GetAsync($"/api/v1/tenants/{dead.GetProperty("id").GetString()}")).GetProperty("status").GetString().ShouldBe("failed");
    }

    [Fact]
    public async Task Should_find_operations()
    {
        Guid acme = await Server.AcceptedAsync("acme"), bolt = await Server.AcceptedAsync("bolt"), cord = await Server.AcceptedAsync("cord");
        await Server.ExecuteAsync(
            $$"""
            update operations set state = 'running' where id = '{{bolt}}';
            update operations set state = 'stalled' where id = '{{cord}}';
            insert into operation_steps (operation_id, step, fence, status) values ('{{bolt}}', 'reserve', 1, 'succeeded'), ('{{bolt}}', 'database', 1, 'held'), ('{{cord}}', 'placement.reserve', 1, 'failed');
            """);
        var tenant = (await Server.GetAsync("/api/v1/tenants/cord")).GetProperty("id").GetString();

        async Task ShouldFindAsync(string query, params Guid[] expected) =>
            (await Server.GetAsync("/api/v1/operations?" + query)).GetProperty("items").EnumerateArray().Select(o => o.GetProperty("id").GetGuid()).ShouldBe(expected, query);
        await ShouldFindAsync("", cord, bolt, acme);
        await ShouldFindAsync("state=running", bolt);
        await ShouldFindAsync("state=accepted,stalled", cord, acme);
        await ShouldFindAsync("kind=provision", cord, bolt, acme);
        await ShouldFindAsync("tenant=acme", acme);
        await ShouldFindAsync($"tenant={tenant}", cord);
        await ShouldFindAsync("step=placement.reserve", cord);
        await ShouldFindAsync("step=reserve", cord);
        await ShouldFindAsync("step=database.create", bolt);
        await ShouldFindAsync("step=database", bolt);
        await ShouldFindAsync("step=database&state=stalled");
    }

    // An empty list would look like an answer, and a misspelt filter would go unnoticed.
    [Theory]
    [InlineData("operations?kind=bogus", "kind")]
    [InlineData("operations?step='", "step")]
    [InlineData("operations?kind=bogus&step=bogus&state=bogus", "state kind step")]
    [InlineData("tenants?plan=gold", "plan")]
    public async Task Should_refuse_filters_that_nothing_can_match(string query, string parameters)
    {
        using var response = await ReadAsync("/api/v1/" + query);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe(parameters);
    }

    [Fact]
    public async Task Should_find_kinds_and_steps_of_another_version()
    {
        await Server.ExecuteAsync("insert into workflows (digest, kind, version, definition) values ('later', 'teleport', 1, '{\"steps\": [{\"name\": \"beam.up\"}]}')");

        (await Server.GetAsync("/api/v1/operations?kind=teleport&step=beam.up")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Should_find_an_old_tenant_whose_slug_looks_like_an_id()
    {
        await Server.ExecuteAsync(
            """
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values
            (gen_random_uuid(), 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', 'Old', 'basic', 'row', 'active', 'old', 'UTC', 'a@b.co')
            """);

        (await Server.GetAsync("/api/v1/tenants/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")).GetProperty("name").GetString().ShouldBe("Old");
    }

    [Fact]
    public async Task Should_page_operations_newest_first()
    {
        var made = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            // The tests' clock moves in steps, so that no two rows have the same time.
            Server.Clock.Advance(TimeSpan.FromMilliseconds(1));
            made.Insert(0, await Server.AcceptedAsync($"acme-{i}"));
        }

        var first = await Server.GetAsync("/api/v1/operations?limit=3");
        await Server.AcceptedAsync("newer");
        var second = await Server.GetAsync($"/api/v1/operations?limit=4&cursor={first.GetProperty("nextCursor").GetString()}");

        second.TryGetProperty("nextCursor", out _).ShouldBeFalse();
        first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray())
            .Select(o => o.GetProperty("id").GetGuid()).ShouldBe(made);
    }

    private static string Slugs(JsonElement page) => string.Join(' ', page.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("slug").GetString()));

    private Task TenantsAsync(string prefix, int seconds, int count) => Server.ExecuteAsync(
        Insert($"now() + interval '{seconds} s' + i * interval '1 ms'", $"'{prefix}-' || lpad(i::text, 3, '0')", $"generate_series(0, {count - 1}) i"));

    private static string Insert(string created, string slug, string from) =>
        $"""
        insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email, created_at)
        select gen_random_uuid(), {slug}, 'T', 'basic', 'row', 'active', {slug}, 'UTC', 'a@b.co', {created} from {from}
        """;
}
