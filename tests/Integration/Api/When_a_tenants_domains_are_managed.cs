using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenants_domains_are_managed : ApiTest, IAsyncDisposable
{
    private const string Domain = "shop.example";
    private readonly DnsResponder dns = DnsResponder.Start();

    protected override async Task<ApiServer> StartAsync()
    {
        var server = await ApiServer.StartAsync(settings: [("Saga:Domains:NameServers:0", dns.Address), ("Saga:Domains:TimeoutSeconds", "1")]);
        await AddAsync(server, "acme");
        await AddAsync(server, "bolt");
        return server;
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await dns.DisposeAsync();
        await DisposeAsync();
    }

    [Fact]
    public async Task Should_say_what_to_publish_for_a_claim_and_keep_its_token()
    {
        using var first = await ClaimAsync("acme", "SHOP.example");
        using var again = await ClaimAsync("acme", Domain);

        ((int)first.StatusCode, (int)again.StatusCode).ShouldBe((201, 200), await first.Content.ReadAsStringAsync());
        var claim = await ApiServer.JsonAsync(first);
        (claim.GetProperty("domain").GetString(), claim.GetProperty("state").GetString(), claim.GetProperty("main").GetBoolean()).ShouldBe((Domain, "pending", false));
        claim.GetProperty("record").GetProperty("name").GetString().ShouldBe($"_saga-challenge.{Domain}");
        (await ApiServer.JsonAsync(again)).GetProperty("record").ToString().ShouldBe(claim.GetProperty("record").ToString());
        (claim.GetProperty("expiresAt").GetDateTimeOffset() - Server.Clock.GetUtcNow()).TotalDays.ShouldBe(7, 0.1);
        (await ListAsync("acme")).Select(d => d.GetProperty("domain").GetString()).ShouldBe(["acme.example", Domain]);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'domain.claim' and actor = 'ada'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_prove_it_by_the_record_and_start_the_operation_that_links_it()
    {
        using var claimed = await ClaimAsync("acme", Domain);
        using var before = await VerifyAsync("acme", Domain);
        (await ProblemAsync(before, 409, "domain-not-proved")).GetProperty("detail").GetString()!.ShouldContain("saga-domain=");
        await PublishAsync(claimed);

        using var verified = await VerifyAsync("acme", "Shop.Example");
        using var again = await VerifyAsync("acme", Domain);

        var domain = await ApiServer.JsonAsync(verified);
        ((int)verified.StatusCode, domain.GetProperty("state").GetString()).ShouldBe((200, "proved"), domain.ToString());
        domain.TryGetProperty("expiresAt", out _).ShouldBeFalse();
        var operation = await Server.GetAsync(domain.GetProperty("operation").GetString()!);
        operation.GetProperty("kind").GetString().ShouldBe("linkDomains");
        (await ApiServer.JsonAsync(again)).GetProperty("operation").GetString().ShouldBe(domain.GetProperty("operation").GetString(), "the same proof is linked once");
        (await Server.QueryAsync<string>($"select t.slug from runtime_v1.hosts h join tenants t on t.id = h.tenant_id where h.kind = 'domain' and h.name = '{Domain}'")).ShouldBe("acme");
    }

    [Fact]
    public async Task Should_let_two_claim_a_domain_and_one_have_it()
    {
        using var acme = await ClaimAsync("acme", Domain);
        using var bolt = await ClaimAsync("bolt", Domain);
        await PublishAsync(acme);
        await PublishAsync(bolt);

        using var won = await VerifyAsync("bolt", Domain);
        using var lost = await VerifyAsync("acme", Domain);
        using var late = await ClaimAsync("acme", Domain);

        ((int)bolt.StatusCode, (int)won.StatusCode).ShouldBe((201, 200));
        await ProblemAsync(lost, 409, "domain-taken");
        Pointers(await ProblemAsync(late, 409, "domain-taken")).ShouldBe("/domain");
    }

    [Fact]
    public async Task Should_look_again_each_time_and_keep_what_was_proved()
    {
        using var claimed = await ClaimAsync("acme", Domain);
        await PublishAsync(claimed);
        (await VerifyAsync("acme", Domain)).Dispose();
        dns.Records.Clear();

        using var gone = await VerifyAsync("acme", Domain);
        dns.Code = 2;
        using var silent = await VerifyAsync("acme", Domain);

        await ProblemAsync(gone, 409, "domain-not-proved");
        await ProblemAsync(silent, 503, "dns-unavailable");
        silent.Headers.RetryAfter.ShouldNotBeNull();
        (await ListAsync("acme")).Single(d => d.GetProperty("domain").GetString() == Domain).GetProperty("state").GetString().ShouldBe("proved");
    }

    [Fact]
    public async Task Should_remove_it_at_once_and_take_it_from_the_organisation_by_an_operation()
    {
        using var dry = await RemoveAsync("acme", "acme.example", query: "?dryRun=true");
        (await ApiServer.JsonAsync(dry)).GetProperty("steps").EnumerateArray().Single().GetProperty("name").GetString().ShouldBe("domains.link");
        (await ListAsync("acme")).Count.ShouldBe(1);

        using var removed = await RemoveAsync("acme", "ACME.example", key: "k1");
        using var again = await RemoveAsync("acme", "acme.example", key: "k1");
        using var other = await RemoveAsync("acme", "acme.example");

        ((int)removed.StatusCode).ShouldBe(202, await removed.Content.ReadAsStringAsync());
        again.Headers.Location.ShouldBe(removed.Headers.Location);
        await ProblemAsync(other, 404, "domain-not-found");
        (await ListAsync("acme")).ShouldBeEmpty();
        (await Server.GetAsync("/api/v1/tenants/acme")).TryGetProperty("domain", out _).ShouldBeFalse("it was the main one");
        (await Server.QueryAsync<string>("select string_agg(actor || ' ' || action, ', ' order by id) from audit where action like 'domain.%'")).ShouldBe("ada domain.remove, ada domain.link");
    }

    [Fact]
    public async Task Should_be_removed_although_another_operation_works_on_the_tenant()
    {
        await Server.ExecuteAsync("insert into operation_scopes (scope, operation_id) select 'tenant:' || t.id, o.id from tenants t join operations o on o.tenant_id = t.id where t.slug = 'acme'");

        using var removed = await RemoveAsync("acme", "acme.example");

        ((int)removed.StatusCode).ShouldBe(202, await removed.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(removed)).GetProperty("waitsFor").GetProperty("kind").GetString().ShouldBe("provision");
        (await ListAsync("acme")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"domain":"localhost"}""", "/domain")]
    [InlineData("""{"domain":7}""", "/domain")]
    [InlineData("""{}""", "/domain")]
    [InlineData("""{"domian":"a.example"}""", "/domian")]
    public async Task Should_name_the_field_of_a_wrong_claim(string body, string pointer)
    {
        using var response = await Server.Admin.PostAsync(new Uri("/api/v1/tenants/acme/domains", UriKind.Relative), JsonContent.Create(JsonNode.Parse(body)));

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
    }

    [Fact]
    public async Task Should_refuse_what_is_not_there_and_a_viewer()
    {
        await Server.ExecuteAsync("update tenant_domains set expires_at = now() - interval '1 second'");
        using var content = JsonContent.Create(new { domain = Domain });

        using var unknown = await ClaimAsync("nobody", Domain);
        using var missing = await VerifyAsync("acme", "other.example");
        using var odd = await VerifyAsync("acme", "%20");
        using var expired = await VerifyAsync("acme", "acme.example");
        using var viewer = await Server.Viewer.PostAsync(new Uri("/api/v1/tenants/acme/domains", UriKind.Relative), content);

        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(missing, 404, "domain-not-found");
        await ProblemAsync(odd, 404, "domain-not-found");
        await ProblemAsync(expired, 404, "domain-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        (await ListAsync("acme")).ShouldBeEmpty("the claim has expired");
    }

    private static async Task AddAsync(ApiServer server, string slug)
    {
        await Seed.ProcessAsync(server.Registry);
        var body = ApiServer.Body(slug);
        (body["plan"], body["domain"]) = ("premium", $"{slug}.example");
        using var response = await server.PostAsync(body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'");
    }

    private async Task PublishAsync(HttpResponseMessage claimed)
    {
        var record = (await ApiServer.JsonAsync(claimed)).GetProperty("record");
        var name = record.GetProperty("name").GetString()!;
        dns.Records[name] = [.. dns.Records.TryGetValue(name, out var there) ? there : [], record.GetProperty("text").GetString()!];
    }

    private Task<HttpResponseMessage> ClaimAsync(string tenant, string domain) =>
        Server.Admin.PostAsync(new Uri($"/api/v1/tenants/{tenant}/domains", UriKind.Relative), JsonContent.Create(new { domain }));

    private Task<HttpResponseMessage> VerifyAsync(string tenant, string domain) =>
        Server.Admin.PostAsync(new Uri($"/api/v1/tenants/{tenant}/domains/{domain}/verify", UriKind.Relative), null);

    private async Task<HttpResponseMessage> RemoveAsync(string tenant, string domain, string? key = null, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/tenants/{tenant}/domains/{domain}{query}");
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await Server.Admin.SendAsync(request);
    }

    private async Task<List<JsonElement>> ListAsync(string tenant) => [.. (await Server.GetAsync($"/api/v1/tenants/{tenant}/domains")).GetProperty("items").EnumerateArray()];
}
