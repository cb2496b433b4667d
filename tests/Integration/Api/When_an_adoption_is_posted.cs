using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_adoption_is_posted : ApiTest
{
    private const string Id = "019a0000-0000-7000-8000-000000000001";
    private const string Body = $$"""{"name":"Acme","slug":"acme","plan":"enterprise","adminEmail":"ada@acme.com","server":"old","database":"shop","isolation":"database","schema":"public","tenantId":"{{Id}}"}""";

    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        await ReadyAsync();

        using var response = await PostAsync(Body, key: "k1");
        using var again = await PostAsync(Body, key: "k1");
        using var second = await PostAsync(Body.Replace("acme", "other", StringComparison.Ordinal));

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("adopt");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(second, 409, "tenant-state");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'server') || ' ' || (detail ->> 'database') || ' ' || (detail ->> 'schema') from audit where action = 'tenant.adopt'")).ShouldBe("ada old shop public");
        (await Server.QueryAsync<string>("select string_agg(scope, ' ' order by scope) from operation_scopes")).ShouldBe($"database:old/shop tenant:{Id}");
        (await Server.QueryAsync<string>($"select status || ' ' || tier from tenants where id = '{Id}'")).ShouldBe("provisioning database");
    }

    [Fact]
    public async Task Should_begin_a_failed_tenant_of_the_id_anew()
    {
        await ReadyAsync();
        using (await PostAsync(Body))
            await Server.ExecuteAsync("update operations set state = 'compensated', finished_at = now(); delete from operation_scopes; update tenants set status = 'failed', organization_id = 'o1'");

        using var response = await PostAsync(Body.Replace("acme", "other", StringComparison.Ordinal).Replace("\"Acme\"", "\"Other\"", StringComparison.Ordinal));

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await Server.QueryAsync<string>("select string_agg(id || ' ' || slug || ' ' || name || ' ' || status || ' ' || admin_email || coalesce(organization_id, ''), ' ') from tenants"))
            .ShouldBe($"{Id} other Other provisioning ada@other.com");
    }

    [Fact]
    public async Task Should_show_what_would_be_done_and_write_nothing()
    {
        await ReadyAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync(Body, query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("isolation").GetString().ShouldBe("database");
        preview.GetProperty("changes")[0].GetString().ShouldBe("Database 'shop' on server 'old', with the product's tables in its schema 'public', becomes the tenant's place. No row is copied or changed.");
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldContain("adoption.take");
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_copy_rows_and_take_users_when_it_says_so()
    {
        await ReadyAsync();
        var body = Body.Replace("\"database\",\"schema\"", "\"row\",\"schema\"", StringComparison.Ordinal).Replace("enterprise", "custom", StringComparison.Ordinal)
            .Replace("\"name\"", "\"users\":{\"from\":\"list\",\"emails\":[\"bob@acme.com\"]},\"name\"", StringComparison.Ordinal);
        await Server.ExecuteAsync("update database_servers set accepting = false where name = 'old'; insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('new', 'eu', '127.0.0.1', 5432, 10, 10)");

        using var dry = await PostAsync(body, query: "?dryRun=true");
        using var response = await PostAsync(body);

        var preview = await ApiServer.JsonAsync(dry);
        preview.GetProperty("isolation").GetString().ShouldBe("row");
        preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()!).ShouldContain(c => c.StartsWith("The rows of schema 'public' of database 'shop' on server 'old' are copied", StringComparison.Ordinal));
        preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()!).ShouldContain(c => c.StartsWith("1 users of the identity provider become members", StringComparison.Ordinal));
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ToList()
            .ShouldSatisfyAllConditions([.. new[] { "source.inspect", "members.find", "source.copy", "source.compare", "members.add", "source.announce" }.Select(name => (Action<List<string?>>)(steps => steps.ShouldContain(name)))]);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await Server.QueryAsync<string>("select (detail ->> 'tier') || ' ' || (detail ->> 'users') from audit where action = 'tenant.adopt'")).ShouldBe("row 1 listed");
        (await Server.QueryAsync<string>("select string_agg(scope, ' ' order by scope) from operation_scopes")).ShouldBe($"database:old/shop tenant:{Id}");
    }

    [Theory]
    [InlineData("\"server\":\"old\"", "\"server\":\"new\"", "/server")]
    [InlineData("\"database\":\"shop\"", "\"database\":\"saga_rows\"", "/database")]
    [InlineData("\"schema\":\"public\"", "\"schema\":\"pg_catalog\"", "/schema")]
    [InlineData("\"isolation\":\"database\"", "\"isolation\":\"rows\"", "/isolation")]
    [InlineData("\"name\":\"Acme\"", "\"name\":\"Acme\",\"users\":{\"from\":\"list\",\"emails\":[\"bob\"]}", "/users/emails/0")]
    [InlineData("\"name\":\"Acme\"", "\"name\":\"Acme\",\"users\":{\"from\":\"realm\",\"query\":\"*\"}", "/users/query")]
    [InlineData("\"plan\":\"enterprise\"", "\"plan\":\"basic\"", "/isolation")]
    [InlineData("\"name\":\"Acme\"", "\"nom\":\"Acme\"", "/nom")]
    [InlineData("\"name\":\"Acme\"", "\"name\":\"\"", "/name")]
    public async Task Should_name_the_field(string part, string other, string pointer)
    {
        await ReadyAsync();

        using var response = await PostAsync(Body.Replace(part, other, StringComparison.Ordinal));

        Pointers(await ProblemAsync(response, 422, "validation")).Split(' ').Distinct().ShouldBe([pointer]);
    }

    [Fact]
    public async Task Should_refuse_a_place_in_use_and_callers_who_only_read()
    {
        await ReadyAsync();
        using (await PostAsync(Body))
        {
            await Server.ExecuteAsync(
                $"""
                update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active';
                insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state) select id, id, 1, 'old', 'shop', 'public', 'database', 't_1', 't_1_owner', 'current' from tenants;
                """);
        }

        using var used = await PostAsync(Body.Replace("acme", "other", StringComparison.Ordinal).Replace(Id, "019a0000-0000-7000-8000-000000000002", StringComparison.Ordinal));
        using var viewer = await PostAsync(Body, client: Server.Viewer);

        (await ProblemAsync(used, 409, "place-in-use")).GetProperty("detail").GetString()!.ShouldContain("tenant 'acme'");
        await ProblemAsync(viewer, 403, "forbidden");
    }

    private async Task ReadyAsync()
    {
        await Server.ExecuteAsync(
            """
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('old', 'eu', '127.0.0.1', 5432, 10, 10) on conflict do nothing;
            update processes set orchestrates = true, engine_level = 3;
            """);
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/adopt{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
