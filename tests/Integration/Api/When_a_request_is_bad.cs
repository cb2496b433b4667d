using System.Text;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_request_is_bad(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    private const string Good = """ "name":"Acme","slug":"acme","plan":"basic","adminEmail":"ada@acme.com" """;

    [Theory]
    [InlineData("\"colour\":\"red\"", "/colour")]
    [InlineData("\"Name\":\"again\"", "/Name")]
    [InlineData("\"a/b~c\":1", "/a~1b~0c")]
    [InlineData("\"idempotencyKey\":\"k\"", "/idempotencyKey")]
    [InlineData("\"region\":7,\"timezone\":{},\"x\":1", "/region /timezone /x")]
    [InlineData("\"domain\":[\"acme.com\"]", "/domain")]
    [InlineData("\"features\":[]", "/features")]
    [InlineData("\"features\":{\"biometric_auth\":\"yes\"}", "/features/biometric_auth")]
    [InlineData("\"settings\":5", "/settings")]
    [InlineData("\"region\":\"\\ud83d\"", "/region")]
    public async Task Should_name_unknown_fields_and_wrong_kinds(string extra, string pointers)
    {
        using var response = await PostTextAsync($"{{{Good},{extra}}}");

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointers);
        (await RowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", "/name /slug /plan /adminEmail")]
    [InlineData("{\"name\":\"A\",\"slug\":\"-\",\"plan\":\"basic\",\"adminEmail\":\"a@b.co\\r\\nBcc: c@d.co\"}", "/slug /adminEmail")]
    [InlineData("{\"name\":\"A\",\"slug\":\"acme\",\"plan\":\"gold\",\"adminEmail\":\"a@b.co\"}", "/plan")]
    [InlineData("{\"name\":\"A\",\"slug\":\"acme\",\"plan\":\"nul\\u0000\",\"adminEmail\":\"a@b.co\"}", "/plan")]
    [InlineData("{\"name\":\"A\",\"slug\":\"acme\",\"plan\":\"basic\",\"adminEmail\":\"a@b.co\",\"isolation\":\"database\"}", "/isolation")]
    [InlineData("{\"name\":\"A\",\"slug\":\"acme\",\"plan\":\"basic\",\"adminEmail\":\"a@b.co\",\"settings\":{\"webhookSigningSecret\":\"x\",\"session.timeout\":\"9\"}}", "/settings/webhookSigningSecret /settings/session.timeout")]
    public async Task Should_name_each_field_that_breaks_a_rule(string body, string pointers)
    {
        using var response = await PostTextAsync(body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointers);
        (await RowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/*")]
    public async Task Should_take_json_only(string? type)
    {
        using var response = await PostTextAsync($"{{{Good}}}", type);

        (await ProblemAsync(response, 415, "unsupported-media-type")).GetProperty("detail").GetString().ShouldBe("Send Content-Type: application/json, in UTF-8.");
        (await RowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("APPLICATION/JSON")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    [InlineData("application/json; profile=x")]
    public async Task Should_take_json_however_its_type_is_written(string type)
    {
        using var response = await PostTextAsync("{}", type);

        await ProblemAsync(response, 422, "validation");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("identity, br")]
    public async Task Should_refuse_encoded_bodies(string encoding)
    {
        using var content = new StringContent($"{{{Good}}}", Encoding.UTF8, "application/json");
        content.Headers.Add("Content-Encoding", encoding);
        using var response = await Server.Admin.PostAsync(new Uri("/api/v1/tenants", UriKind.Relative), content);

        (await ProblemAsync(response, 415, "unsupported-media-type")).GetProperty("detail").GetString()!.ShouldContain("Content-Encoding");
        response.Headers.GetValues("Accept-Encoding").ShouldBe(["identity"]);
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_readable_as_it_is_sent()
    {
        using var response = await PostTextAsync("{\"slug\":\"-\"}");

        (await response.Content.ReadAsStringAsync()).ShouldContain("a-z, 0-9 and '-'");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    [Fact]
    public async Task Should_not_name_faults_without_end()
    {
        using var response = await PostTextAsync($"{{{string.Join(',', Enumerable.Range(0, 3000).Select(i => $"\"f{i}\":1"))}}}");

        var problem = await ProblemAsync(response, 422, "validation");
        problem.GetProperty("errors").GetArrayLength().ShouldBe(100);
        problem.GetProperty("detail").GetString()!.ShouldContain("The first 100 of 3000");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_limit_the_body(bool chunked)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes($"{{{Good},\"settings\":{{\"x\":\"{new string('x', 64 * 1024)}\"}}}}"));
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tenants") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await Server.Admin.SendAsync(request);

        await ProblemAsync(response, 413, "body-too-large");
    }

    [Theory]
    [InlineData("?dryRun=maybe", "dryRun")]
    [InlineData("?dryRun=true&dryRun=false", "dryRun")]
    [InlineData("?dry-run=true", "dry-run")]
    public async Task Should_refuse_a_dry_run_it_does_not_understand(string query, string parameter)
    {
        using var response = await Server.PostAsync(ApiServer.Body("acme"), query: query);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe(parameter);
        (await RowsAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("")]
    public async Task Should_refuse_bad_idempotency_keys(string key)
    {
        using var response = await Server.PostAsync(ApiServer.Body("acme"), key);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe("Idempotency-Key");
    }

    [Theory]
    [InlineData("/api/v1/tenants?limit=0", "limit")]
    [InlineData("/api/v1/tenants?limit=201", "limit")]
    [InlineData("/api/v1/tenants?limit=ten", "limit")]
    [InlineData("/api/v1/tenants?cursor=nonsense", "cursor")]
    [InlineData("/api/v1/tenants?cursor=WyJzbHVnIl0", "cursor")]
    [InlineData("/api/v1/tenants?sort=age&status=dead,active&search=", "sort search status")]
    [InlineData("/api/v1/tenants?search=%00", "search")]
    [InlineData("/api/v1/tenants?Search=a&colour=red", "Search colour")]
    [InlineData("/api/v1/operations?state=done", "state")]
    [InlineData("/api/v1/operations?tenant=A%20B", "tenant")]
    [InlineData("/api/v1/operations?limit=1&limit=2", "limit")]
    [InlineData("/api/v1/plans?x=1", "x")]
    public async Task Should_name_bad_query_parameters(string path, string parameters)
    {
        using var response = await ReadAsync(path);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).Split(' ').Order().ShouldBe(parameters.Split(' ').Order());
    }

    [Theory]
    [InlineData("/api/v1/tenants/nobody", "tenant-not-found")]
    [InlineData("/api/v1/tenants/NOT%20A%20SLUG", "tenant-not-found")]
    [InlineData("/api/v1/tenants/01900000-0000-7000-8000-000000000000", "tenant-not-found")]
    [InlineData("/api/v1/operations/01900000-0000-7000-8000-000000000000", "operation-not-found")]
    [InlineData("/api/v1/operations/x", "operation-not-found")]
    [InlineData("/api/v1/operations/01900000-0000-7000-8000-000000000000/events", "operation-not-found")]
    [InlineData("/api/v1/nothing", "not-found")]
    [InlineData("/", "not-found")]
    public async Task Should_say_what_is_not_there(string path, string code)
    {
        using var response = await ReadAsync(path);

        (await ProblemAsync(response, 404, code)).GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
    }
}
