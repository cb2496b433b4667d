using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_request_is_traced(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    [Fact]
    public async Task Should_continue_with_the_callers_trace()
    {
        using var response = await SendAsync("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        (await ProblemAsync(response, 404, "tenant-not-found")).GetProperty("traceId").GetString().ShouldBe("0af7651916cd43dd8448eb211c80319c");
    }

    [Fact]
    public async Task Should_give_the_callers_request_id_back_and_log_it()
    {
        using var response = await SendAsync("X-Request-Id", "call-4711");

        response.Headers.GetValues("X-Request-Id").ShouldBe(["call-4711"]);
        Server.Logs.All.ShouldContain(l => l.Contains("[RequestId, call-4711]", StringComparison.Ordinal));
        await Server.Logs.UntilAsync("1002 GET /api/v1/tenants/nobody answered 404 in ");
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("a\"b")]
    [InlineData("<script>")]
    public async Task Should_replace_an_invalid_one(string id)
    {
        using var response = await SendAsync("X-Request-Id", id);

        var problem = await ProblemAsync(response, 404, "tenant-not-found");
        response.Headers.GetValues("X-Request-Id").ShouldBe([problem.GetProperty("traceId").GetString()!]);
    }

    [Fact]
    public async Task Should_hide_the_details_of_unexpected_errors()
    {
        await Server.ExecuteAsync("alter table plans rename to lost_plans");
        try
        {
            using var response = await ReadAsync("/api/v1/plans");

            var problem = await ProblemAsync(response, 500, "internal");
            problem.ToString().ShouldNotContain("plans");
            response.Headers.Contains("X-Request-Id").ShouldBeTrue();
            Server.Logs.All.ShouldContain(l => l.StartsWith("1001 ", StringComparison.Ordinal) && l.Contains("lost_plans", StringComparison.Ordinal) == false && l.Contains("42P01", StringComparison.Ordinal));
        }
        finally
        {
            await Server.ExecuteAsync("alter table lost_plans rename to plans");
        }
    }

    [Fact]
    public async Task Should_say_ready_with_each_dependency()
    {
        using var client = Server.Client(null);
        using var response = await ReadAsync("/health/ready", client);

        ((int)response.StatusCode).ShouldBe(200);
        var ready = await ApiServer.JsonAsync(response);
        ready.GetProperty("status").GetString().ShouldBe("healthy");
        ready.GetProperty("checks").EnumerateObject().Select(c => (c.Name, c.Value.GetProperty("status").GetString()))
            .ShouldBe([("audit-sealing", "healthy"), ("connections", "healthy"), ("registry", "healthy"), ("token-issuer", "healthy")]);
    }

    private async Task<HttpResponseMessage> SendAsync(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/tenants/nobody");
        request.Headers.TryAddWithoutValidation(header, value);
        return await Server.Viewer.SendAsync(request);
    }
}
