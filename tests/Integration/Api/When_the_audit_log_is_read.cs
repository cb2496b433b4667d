using System.Net.Http.Headers;
using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Registry.Audit;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_the_audit_log_is_read : ApiTest
{
    private const string Audit = "/api/v1/audit";

    [Fact]
    public async Task Should_say_who_did_what_from_where()
    {
        var operation = await Server.AcceptedAsync("acme");
        await using var workers = Npgsql.NpgsqlDataSource.Create(ProgramLogins.On(Server.Registry.ConnectionString, ProgramLogins.Workers));
        await new AuditSealStore(workers).SealAsync(10, TestContext.Current.CancellationToken);

        var line = (await ItemsAsync("?action=tenant.provision")).ShouldHaveSingleItem();

        line.GetProperty("actor").GetString().ShouldNotBeNullOrEmpty();
        line.GetProperty("outcome").GetString().ShouldBe("allowed");
        line.GetProperty("origin").GetString().ShouldBe("http 127.0.0.1");
        line.GetProperty("operationId").GetGuid().ShouldBe(operation);
        line.GetProperty("detail").GetProperty("slug").GetString().ShouldBe("acme");
        line.GetProperty("number").GetInt64().ShouldBe(1);
        line.GetProperty("hash").GetString()!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task Should_be_filtered_and_paged_newest_first()
    {
        await FillAsync();

        (await ActorsAsync("?limit=2")).ShouldBe(["5", "4"]);
        (await AllActorsAsync(2)).ShouldBe(["5", "4", "3", "2", "1"]);
        (await ActorsAsync("?actor=3")).ShouldBe(["3"]);
        (await ActorsAsync("?action=command.refuse")).ShouldBe(["4"]);
        (await ActorsAsync("?outcome=refused")).ShouldBe(["4"]);
        (await ActorsAsync("?outcome=allowed&limit=1")).ShouldBe(["5"]);
        (await ActorsAsync("?from=2030-01-02T00:00:00Z&until=2030-01-04T00:00:00Z")).ShouldBe(["3", "2"]);
        (await ActorsAsync("?operation=0198f6a0-0000-7000-8000-000000000000")).ShouldBe(["2"]);
    }

    [Fact]
    public async Task Should_have_the_lines_of_one_tenant_at_its_address()
    {
        await Server.AcceptedAsync("acme");
        await Server.AcceptedAsync("other");

        var line = JsonDocument.Parse(await TextAsync("/api/v1/tenants/acme/audit")).RootElement.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        line.GetProperty("detail").GetProperty("slug").GetString().ShouldBe("acme");
        using var none = await Server.Admin.GetAsync(new Uri("/api/v1/tenants/nobody/audit", UriKind.Relative));
        await ProblemAsync(none, 404, "tenant-not-found");
    }

    [Theory]
    [InlineData("?operation=7", "operation")]
    [InlineData("?outcome=maybe", "outcome")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?cursor=x", "cursor")]
    [InlineData("?format=xml", "format")]
    [InlineData("?format=jsonl&limit=5", "limit")]
    [InlineData("?who=ada", "who")]
    public async Task Should_refuse_what_it_does_not_know(string query, string parameter)
    {
        using var refused = await Server.Admin.GetAsync(new Uri(Audit + query, UriKind.Relative));

        Parameters(await ProblemAsync(refused, 400, "invalid-parameter")).ShouldBe(parameter);
    }

    [Theory]
    [InlineData(Roles.Admin, 200)]
    [InlineData(Roles.Auditor, 200)]
    [InlineData(Roles.Operator, 403)]
    [InlineData(Roles.Viewer, 403)]
    public async Task Should_be_for_auditors_and_admins(string role, int status)
    {
        using var client = Server.Client(Server.Issuer.Token(role));
        await Server.AcceptedAsync("acme");

        foreach (var path in new[] { Audit, "/api/v1/tenants/acme/audit", $"{Audit}?format=jsonl" })
        {
            using var answer = await ReadAsync(path, client);
            ((int)answer.StatusCode).ShouldBe(status);
        }
    }

    [Theory]
    [InlineData("?format=jsonl", "*/*")]
    [InlineData("", "application/jsonl")]
    public async Task Should_be_exported_as_one_stream_with_everything_the_oldest_first(string query, string accept)
    {
        await Server.ExecuteAsync("insert into audit (actor, action) select i::text, 'tenant.verify' from generate_series(1, 1203) i");
        using var request = new HttpRequestMessage(HttpMethod.Get, Audit + query);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));

        using var answer = await Server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/jsonl");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        lines.SkipLast(1).Select(l => l.GetProperty("actor").GetString()).ShouldBe(Enumerable.Range(1, 1203).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        lines[^1].ToString().ShouldBe("""{"complete":true,"lines":1203}""");
    }

    private Task FillAsync() => Server.ExecuteAsync(
        """
        insert into audit (at, actor, action, operation_id)
        select timestamptz '2030-01-01Z' + (i - 1) * interval '1 day', i::text, case i when 4 then 'command.refuse' else 'tenant.verify' end,
            case i when 2 then uuid '0198f6a0-0000-7000-8000-000000000000' end
        from generate_series(1, 5) i
        """);

    private async Task<string> TextAsync(string path)
    {
        using var answer = await Server.Admin.GetAsync(new Uri(path, UriKind.Relative));
        ((int)answer.StatusCode).ShouldBe(200, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<List<JsonElement>> ItemsAsync(string query) => [.. JsonDocument.Parse(await TextAsync(Audit + query)).RootElement.GetProperty("items").EnumerateArray()];

    private async Task<IEnumerable<string?>> ActorsAsync(string query) => (await ItemsAsync(query)).Select(i => i.GetProperty("actor").GetString());

    private async Task<List<string?>> AllActorsAsync(int limit)
    {
        var actors = new List<string?>();
        for (var query = $"?limit={limit}"; query is not null;)
        {
            var page = JsonDocument.Parse(await TextAsync(Audit + query)).RootElement;
            actors.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("actor").GetString()));
            query = page.TryGetProperty("nextCursor", out var next) ? $"?limit={limit}&cursor={next.GetString()}" : null;
        }

        return actors;
    }
}
