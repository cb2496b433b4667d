using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Registry.Secrets;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenant_is_configured : ApiTest
{
    private const string Secret = "hunter2-hunter2";

    [Fact]
    public async Task Should_show_where_each_value_comes_from()
    {
        await ActiveAsync();
        await Server.ExecuteAsync(
            $"""
            update tenants set settings = '{Quoted("own", "9")}', features = '{Quoted("biometric_auth", "false")}';
            insert into tenant_settings (tenant_id, key, sealed, own) select id, 'boxed', '', true from tenants;
            """);

        Shown(await ConfigAsync("plain")).ShouldBe("5 False plan");
        Shown(await ConfigAsync("own")).ShouldBe("9 False tenant");
        Shown(await ConfigAsync("boxed")).ShouldBe("- True tenant");
        Shown(await ConfigAsync("made")).ShouldBe("- True generated");
        Shown(await ConfigAsync("features.biometric_auth")).ShouldBe("False False tenant");
        Shown(await ConfigAsync("features.extra")).ShouldBe("True False plan");

        static string Quoted(string key, string value) => $$"""{"{{key}}": {{value}}}""";
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_set_a_value_at_once_by_both_endpoints(bool put)
    {
        await ActiveAsync();

        using var response = put
            ? await PutAsync("own", """{"value":7.0,"encrypted":false}""", key: "k1")
            : await PostAsync("""{"configKey":"own","configValue":7.0,"isEncrypted":false}""", key: "k1");
        using var again = put
            ? await PutAsync("own", """{"value":7.0,"encrypted":false}""", key: "k1")
            : await PostAsync("""{"configKey":"own","configValue":7.0,"isEncrypted":false}""", key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        again.Headers.Location.ShouldBe(response.Headers.Location);
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("config");
        Shown(await ConfigAsync("own")).ShouldBe("7 False tenant");
        (await Server.QueryAsync<string>("select before::text || ' ' || after::text from tenant_changes")).ShouldBe("""{"settings": {}} {"settings": {"own": 7}}""");
        (await Server.QueryAsync<string>("select actor || ' ' || detail::text from audit where action = 'config.set'")).ShouldBe("""ada {"key": "own", "encrypted": false}""");
    }

    [Fact]
    public async Task Should_take_a_value_back_whether_it_is_encrypted_or_not()
    {
        await ActiveAsync();
        await Server.ExecuteAsync("""update tenants set settings = '{"own": 9}'""");

        using var dry = await Server.Admin.DeleteAsync("/api/v1/tenants/acme/config/own?dryRun=true");
        (await ApiServer.JsonAsync(dry)).GetProperty("steps").EnumerateArray().ShouldContain(s => s.ToString().Contains("configuration.reset"));
        using var response = await Server.Admin.DeleteAsync("/api/v1/tenants/acme/config/own");
        using var unknown = await Server.Admin.DeleteAsync("/api/v1/tenants/acme/config/nothing");
        using var viewer = await Server.Viewer.DeleteAsync("/api/v1/tenants/acme/config/own");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        Shown(await ConfigAsync("own")).ShouldEndWith(" False plan");
        (await Server.QueryAsync<string>("select detail::text from audit where action = 'config.set'")).ShouldBe("""{"key": "own", "removed": true}""");
        ((int)unknown.StatusCode, (int)viewer.StatusCode).ShouldBe((422, 403));
    }

    [Fact]
    public async Task Should_switch_a_feature()
    {
        await ActiveAsync();

        using var response = await PutAsync("features.biometric_auth", """{"value":false}""");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        Shown(await ConfigAsync("features.biometric_auth")).ShouldBe("False False tenant");
    }

    [Fact]
    public async Task Should_keep_an_encrypted_value_out_of_everything_that_is_stored_or_shown()
    {
        await ActiveAsync();
        await BoxKeyAsync();

        using var response = await PutAsync("boxed", $$"""{"value":"{{Secret}}","encrypted":true}""", key: "k1");
        using var again = await PutAsync("boxed", $$"""{"value":"{{Secret}}","encrypted":true}""", key: "k1");
        using var dry = await PutAsync("boxed", $$"""{"value":"{{Secret}}","encrypted":true}""", query: "?dryRun=true");

        var operation = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(202, operation);
        again.Headers.Location.ShouldBe(response.Headers.Location);
        (await ApiServer.JsonAsync(response)).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["tenant.update", "configuration.seal", "update.announce"]);
        foreach (var text in new[] { operation, await dry.Content.ReadAsStringAsync(), (await Server.GetAsync("/api/v1/tenants/acme")).ToString(), (await ConfigAsync("boxed")).ToString(), await EverythingAsync() })
            text.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task Should_refuse_an_encrypted_value_while_no_worker_can_open_it()
    {
        await ActiveAsync();

        using var response = await PutAsync("boxed", """{"value":"x","encrypted":true}""");

        await ProblemAsync(response, 503, "step-not-hosted");
    }

    [Theory]
    [InlineData("own", """{"value":"seven"}""", "/value")]
    [InlineData("own", """{"value":101}""", "/value")]
    [InlineData("own", """{"value":null}""", "/value")]
    [InlineData("own", """{}""", "/value")]
    [InlineData("own", """{"value":101,"encrypted":true}""", "/value")]
    [InlineData("made", """{"value":"x"}""", "/encrypted")]
    [InlineData("made", """{"value":7,"encrypted":true}""", "/value")]
    [InlineData("made", """{"value":"","encrypted":true}""", "/value")]
    [InlineData("features.biometric_auth", """{"value":1}""", "/value")]
    [InlineData("features.biometric_auth", """{"value":true,"encrypted":true}""", "/encrypted")]
    [InlineData("shaped", """{"value":{"a":0}}""", "/value")]
    [InlineData("shaped", """{"value":{"b":1}}""", "/value")]
    [InlineData("shaped", """{"value":{"a":0},"encrypted":true}""", "/value")]
    [InlineData("warp", """{"value":1}""", "/key")]
    [InlineData("features.warp", """{"value":true}""", "/key")]
    [InlineData("own", """{"vlaue":1}""", "/vlaue")]
    [InlineData("own", """{"value":1,"encrypted":"yes"}""", "/encrypted")]
    public async Task Should_name_the_field_and_the_fix(string key, string body, string pointer)
    {
        await ActiveAsync();

        using var response = await PutAsync(key, body);
        using var dry = await PutAsync(key, body, query: "?dryRun=true");

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
        var shown = await ApiServer.JsonAsync(dry);
        (shown.TryGetProperty("refusal", out var refusal) ? refusal : shown).GetProperty("errors")[0].GetProperty("pointer").GetString().ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'config'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_call_the_fields_of_the_other_endpoint_as_its_body_does()
    {
        await ActiveAsync();

        using var response = await PostAsync("""{"configKey":"own","configValue":101}""", key: "k1");

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe("/configValue");
    }

    [Fact]
    public async Task Should_not_be_scheduled_because_a_scheduled_command_is_stored_as_it_is()
    {
        await ActiveAsync();

        using var response = await PutAsync("own", """{"value":7}""", query: "?runAt=2099-01-01T00:00:00Z");

        await ProblemAsync(response, 400, "invalid-parameter");
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_refuse_what_is_not_there_who_is_being_deleted_and_a_viewer()
    {
        await ActiveAsync();
        using var key = await ReadAsync("/api/v1/tenants/acme/config/warp");
        using var tenant = await ReadAsync("/api/v1/tenants/nobody/config/own");
        using var viewer = await PutAsync("own", """{"value":7}""", client: Server.Viewer);
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'deletion', 'closed', 'ada', 'Leaves.' from tenants");
        using var held = await PutAsync("own", """{"value":7}""");

        await ProblemAsync(key, 404, "config-key-not-found");
        await ProblemAsync(tenant, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(held, 409, "tenant-state");
    }

    // A tenant of a plan with a setting of each kind.
    private async Task ActiveAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        using var response = await Server.PostAsync(ApiServer.Body("acme"));
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync(
            """
            update operations set state = 'completed', finished_at = now();
            delete from operation_scopes;
            update tenants set status = 'active';
            update plan_versions set definition = definition || '{"features": {"biometric_auth": true, "extra": true}, "settings": {
                "plain": {"value": 5}, "own": {"value": 5, "maximum": 100}, "boxed": {"value": "x"}, "shaped": {"value": {"a": 1}, "schema": {"type": "object", "additionalProperties": false, "properties": {"a": {"type": "integer", "minimum": 1}}}}, "made": {"generate": true, "sealed": true}}}' where name = 'enterprise';
            """);
    }

    private async Task BoxKeyAsync()
    {
        var (secret, open) = SealedBox.NewKey();
        await new BoxKeyStore(Server.Registry).EnsureAsync(Guid.CreateVersion7(), open, "k1", secret, default);
    }

    private Task<string> EverythingAsync() => Server.QueryAsync<string>(
        """
        select concat((select string_agg(o::text, '') from operations o), (select string_agg(h::text, '') from operation_history h), (select string_agg(a::text, '') from audit a),
            (select string_agg(x::text, '') from outbox x), (select string_agg(c::text, '') from tenant_changes c), (select string_agg(t::text, '') from tenants t))
        """);

    private static string Shown(JsonElement config) =>
        $"{(config.TryGetProperty("value", out var value) ? value.ToString() : "-")} {config.GetProperty("encrypted").GetBoolean()} {config.GetProperty("source").GetString()}";

    private Task<JsonElement> ConfigAsync(string key) => Server.GetAsync($"/api/v1/tenants/acme/config/{key}");

    private Task<HttpResponseMessage> PutAsync(string config, string body, string? key = null, string query = "", HttpClient? client = null) =>
        SendAsync(HttpMethod.Put, $"/api/v1/tenants/acme/config/{config}{query}", body, key, client);

    private Task<HttpResponseMessage> PostAsync(string body, string key) => SendAsync(HttpMethod.Post, "/api/v1/tenants/acme/config", body, key, null);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string body, string? key, HttpClient? client)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
