using System.Text.Json;
using Saga.Lifecycle.Provision;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenant_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_its_address()
    {
        using var response = await Server.PostAsync(ApiServer.Body("acme"));

        ((int)response.StatusCode).ShouldBe(202);
        var operation = await ApiServer.JsonAsync(response);
        var id = operation.GetProperty("id").GetString();
        response.Headers.Location!.OriginalString.ShouldBe($"/api/v1/operations/{id}");
        operation.GetProperty("state").GetString().ShouldBe("accepted");
        operation.GetProperty("kind").GetString().ShouldBe("provision");
        operation.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe("acme");
        operation.GetProperty("requestedBy").GetString().ShouldBe("ada");
        operation.GetProperty("steps").GetArrayLength().ShouldBe(ProvisionWorkflow.Definition.Steps.Count);
        operation.GetProperty("history")[0].GetProperty("event").GetString().ShouldBe("accepted");
        (await Server.GetAsync(response.Headers.Location.OriginalString)).ToString().ShouldBe(operation.ToString());
    }

    [Fact]
    public async Task Should_take_every_field()
    {
        var body = ApiServer.Body("acme");
        body["domain"] = "Acme.com";
        body["subdomain"] = "portal";
        body["isolation"] = "schema";
        body["region"] = "eu";
        body["features"] = new System.Text.Json.Nodes.JsonObject { ["biometric_auth"] = false };
        body["settings"] = new System.Text.Json.Nodes.JsonObject { ["file_upload.max_size"] = 5 };
        body["maxUsers"] = 500;
        body["maxStorage"] = 20;
        body["timezone"] = "Europe/Berlin";

        using var response = await Server.PostAsync(body);

        ((int)response.StatusCode).ShouldBe(202);
        var tenant = await Server.GetAsync("/api/v1/tenants/acme");
        foreach (var (field, expected) in new[]
        {
            ("name", "Acme"), ("plan", "enterprise"), ("adminEmail", "ada@acme.com"), ("domain", "acme.com"), ("subdomain", "portal"),
            ("isolation", "schema"), ("region", "eu"), ("timezone", "Europe/Berlin"), ("status", "provisioning"),
        })
            tenant.GetProperty(field).GetString().ShouldBe(expected, field);
        (tenant.GetProperty("planVersion").GetInt32(), tenant.GetProperty("maxUsers").GetInt32(), tenant.GetProperty("maxStorage").GetInt32()).ShouldBe((1, 500, 20));
        tenant.GetProperty("features").GetProperty("biometric_auth").GetBoolean().ShouldBeFalse();
        tenant.GetProperty("settings").GetProperty("file_upload.max_size").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Should_take_a_body_of_the_very_bound()
    {
        var body = ApiServer.Body("acme").ToJsonString();
        using var response = await PostTextAsync(body + new string(' ', 64 * 1024 - body.Length));

        ((int)response.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Should_treat_null_as_absent()
    {
        var body = ApiServer.Body("acme");
        body["domain"] = null;
        body["features"] = null;

        using var response = await Server.PostAsync(body);

        ((int)response.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Should_answer_the_same_to_the_same_key()
    {
        using var first = await Server.PostAsync(ApiServer.Body("acme"), "k1");
        using var again = await Server.PostAsync(ApiServer.Body("acme"), "k1");

        ((int)again.StatusCode).ShouldBe(202);
        again.Headers.Location.ShouldBe(first.Headers.Location);
        (await ApiServer.JsonAsync(again)).ToString().ShouldBe((await ApiServer.JsonAsync(first)).ToString());
        (await Server.QueryAsync<long>("select count(*) from operations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_the_key_for_another_body()
    {
        using var first = await Server.PostAsync(ApiServer.Body("acme"), "k1");
        using var other = await Server.PostAsync(ApiServer.Body("bolt"), "k1");

        await ProblemAsync(other, 422, "idempotency-key-reused");
        (await Server.QueryAsync<long>("select count(*) from tenants")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_start_one_operation_when_the_same_request_races()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Server.PostAsync(ApiServer.Body("acme"), "k1")));

        responses.ShouldAllBe(r => (int)r.StatusCode == 202);
        responses.Select(r => r.Headers.Location).Distinct().ShouldHaveSingleItem();
        (await Server.QueryAsync<long>("select count(*) from operations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_accept_one_of_several_for_a_slug_and_link_the_others_to_it()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Server.PostAsync(ApiServer.Body("acme"), $"k{i}")));

        var winner = responses.Where(r => (int)r.StatusCode == 202).ShouldHaveSingleItem();
        foreach (var loser in responses.Where(r => r != winner))
        {
            var problem = await ProblemAsync(loser, 409, "operation-active");
            problem.GetProperty("operation").GetString().ShouldBe(winner.Headers.Location!.OriginalString);
            loser.Headers.GetValues("Link").Single().ShouldContain(winner.Headers.Location.OriginalString);
        }
    }

    [Theory]
    [InlineData("slug-taken", "/slug", "acme", "other.com", "other")]
    [InlineData("domain-taken", "/domain", "bolt", "acme.com", "other")]
    [InlineData("subdomain-taken", "/subdomain", "bolt", "other.com", "portal")]
    public async Task Should_name_what_is_taken(string code, string pointer, string slug, string domain, string subdomain)
    {
        var first = ApiServer.Body("acme");
        (first["domain"], first["subdomain"]) = ("acme.com", "portal");
        (await Server.PostAsync(first)).Dispose();
        await Server.ExecuteAsync("update operations set state = 'completed'; delete from operation_scopes; update tenant_domains set state = 'proved', proved_at = now()");
        var second = ApiServer.Body(slug);
        (second["domain"], second["subdomain"]) = (domain, subdomain);

        using var response = await Server.PostAsync(second);

        var problem = await ProblemAsync(response, 409, code);
        Pointers(problem).ShouldBe(pointer);
        problem.TryGetProperty("operation", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_show_what_would_run_when_dry_and_write_nothing()
    {
        using var response = await Server.PostAsync(ApiServer.Body("acme"), "k1", "?dryRun=true");

        ((int)response.StatusCode).ShouldBe(200);
        var plan = await ApiServer.JsonAsync(response);
        plan.GetProperty("isolation").GetString().ShouldBe("database");
        plan.TryGetProperty("refusal", out _).ShouldBeFalse();
        var steps = plan.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ToList();
        steps.ShouldBe(ProvisionWorkflow.Definition.Steps.Select(s => s.Name), ignoreOrder: true);
        (steps.First(), steps.Last()).ShouldBe(("placement.reserve", "administrator.notify"));
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_refusals_when_dry()
    {
        var running = await Server.AcceptedAsync("acme");
        var bad = ApiServer.Body("A");

        using var taken = await Server.PostAsync(ApiServer.Body("acme"), query: "?dryRun=true");
        using var invalid = await Server.PostAsync(bad, query: "?dryRun=true");

        var refusal = (await ApiServer.JsonAsync(taken)).GetProperty("refusal");
        refusal.GetProperty("type").GetString().ShouldBe("urn:saga:problem:operation-active");
        refusal.GetProperty("status").GetInt32().ShouldBe(409);
        refusal.GetProperty("operation").GetString().ShouldBe($"/api/v1/operations/{running}");
        ((int)invalid.StatusCode).ShouldBe(200);
        Pointers((await ApiServer.JsonAsync(invalid)).GetProperty("refusal")).ShouldBe("/slug");
    }

    [Fact]
    public async Task Should_keep_idempotency_keys_of_callers_apart()
    {
        var claims = Server.Issuer.Claims("platform-admin");
        claims["sub"] = "bob";
        using var bob = Server.Client(Server.Issuer.Sign(claims));

        using var first = await Server.PostAsync(ApiServer.Body("acme"), "k1");
        using var second = await Server.PostAsync(ApiServer.Body("bolt"), "k1", client: bob);

        ((int)second.StatusCode).ShouldBe(202);
        (await ApiServer.JsonAsync(second)).GetProperty("requestedBy").GetString().ShouldBe("bob");
    }
}
