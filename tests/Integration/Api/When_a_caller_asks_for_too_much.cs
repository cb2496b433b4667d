using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Saga.Api.Limits;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

[IsolationSuite]
public sealed class When_a_caller_asks_for_too_much : IAsyncLifetime
{
    private ApiServer server = null!;

    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(
        map: app => app.MapGet("/for-everybody", () => "yes").AllowAnonymous().WithMetadata(new NotCountedPerCaller()),
        settings: [("Saga:Api:Limits:RequestsPerSecond", "1"), ("Saga:Api:Limits:Burst", "5"), ("Saga:Api:Limits:StreamsPerCaller", "2")]);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Should_refuse_that_caller_and_nobody_else()
    {
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 20; i++)
            answers.Add(await server.Admin.GetAsync(Plans));

        answers.Take(5).ShouldAllBe(a => (int)a.StatusCode == 200);
        var refused = answers.First(a => (int)a.StatusCode == 429);
        refused.Headers.RetryAfter.ShouldNotBeNull().Delta!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        refused.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await refused.Content.ReadAsStringAsync()).ShouldContain("urn:saga:problem:too-many-requests");
        using var other = server.Client(Token("eve"));
        ((int)(await other.GetAsync(Plans)).StatusCode).ShouldBe(200);
        answers.ForEach(a => a.Dispose());
    }

    [Fact]
    public async Task Should_count_callers_without_a_token_by_their_address()
    {
        using var nobody = server.Client(null);
        using var forged = server.Client("not.a.token");
        var answers = new List<int>();
        for (var i = 0; i < 10; i++)
            answers.Add((int)(await (i % 2 == 0 ? nobody : forged).GetAsync(Plans)).StatusCode);

        answers.Take(5).ShouldAllBe(status => status == 401);
        answers.ShouldContain(429);
        ((int)(await server.Viewer.GetAsync(Plans)).StatusCode).ShouldBe(200);
        for (var i = 0; i < 20; i++)
            ((int)(await nobody.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task Should_answer_an_endpoint_that_does_not_count()
    {
        using var nobody = server.Client(null);
        for (var i = 0; i < 20; i++)
            (await nobody.GetAsync(Plans)).Dispose();

        ((int)(await nobody.GetAsync(Plans)).StatusCode).ShouldBe(429);
        ((int)(await nobody.GetAsync(new Uri("/for-everybody", UriKind.Relative))).StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task Should_limit_open_streams_until_one_is_closed()
    {
        var operation = await server.AcceptedAsync("acme");
        using var follower = server.Client(Token("follower"));
        var first = await OpenAsync(follower, operation);
        using var second = await OpenAsync(follower, operation);

        using (var third = await OpenAsync(follower, operation))
        {
            ((int)third.StatusCode).ShouldBe(429);
            third.Headers.RetryAfter.ShouldNotBeNull();
        }

        ((int)first.StatusCode).ShouldBe(200);
        first.Dispose();
        await Until.TrueAsync(async () =>
        {
            using var again = await OpenAsync(follower, operation);
            return (int)again.StatusCode == 200;
        });
    }

    private static Uri Plans { get; } = new("/api/v1/plans", UriKind.Relative);

    private string Token(string subject)
    {
        var claims = server.Issuer.Claims(Roles.Viewer);
        claims["sub"] = subject;
        return server.Issuer.Sign(claims);
    }

    private static Task<HttpResponseMessage> OpenAsync(HttpClient client, Guid operation) =>
        client.GetAsync(new Uri($"/api/v1/operations/{operation}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
}
