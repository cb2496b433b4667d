using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_method_is_chosen(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    [Theory]
    [InlineData("DELETE", "/api/v1/tenants", "GET HEAD POST")]
    [InlineData("OPTIONS", "/api/v1/plans", "GET HEAD")]
    [InlineData("POST", "/health/live", "GET HEAD")]
    public async Task Should_say_which_there_are(string method, string path, string allowed)
    {
        using var response = await SendAsync(method, path);

        var detail = (await ProblemAsync(response, 405, "method-not-allowed")).GetProperty("detail").GetString();
        response.Content.Headers.Allow.Order().ShouldBe(allowed.Split(' '));
        response.Content.Headers.Allow.ShouldAllBe(m => detail!.Contains(m));
    }

    [Theory]
    [InlineData("/api/v1/tenants", 200)]
    [InlineData("/api/v1/plans", 200)]
    [InlineData("/api/v1/plans?x=1", 400)]
    [InlineData("/api/v1/operations/x", 404)]
    [InlineData("/health/live", 200)]
    [InlineData("/health/ready", 200)]
    public async Task Should_answer_head_as_get_without_the_body(string path, int status)
    {
        using var head = await SendAsync("HEAD", path);
        using var get = await SendAsync("GET", path);

        ((int)head.StatusCode).ShouldBe(status);
        head.StatusCode.ShouldBe(get.StatusCode);
        head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType);
        (await head.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_end_the_answer_to_head_of_a_stream()
    {
        var operation = await Server.AcceptedAsync("headed");

        using var response = await SendAsync("HEAD", $"/api/v1/operations/{operation}/events").WaitAsync(WaitLimit.Seconds(10));

        response.IsSuccessStatusCode.ShouldBeTrue();
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), path);
        return await Server.Admin.SendAsync(request);
    }
}
