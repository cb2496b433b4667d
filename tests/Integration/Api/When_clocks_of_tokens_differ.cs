using System.Net.Http.Headers;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

[IsolationSuite]
public sealed class When_clocks_of_tokens_differ : ApiTest
{
    [Fact]
    public async Task Should_allow_half_a_minute()
    {
        // The clock stands still, because a busy machine may need seconds between the token's signature and its judgement.
        await Server.StopClockAsync();

        (await StatusAsync("exp", -29)).ShouldBe(200);
        (await StatusAsync("exp", -31)).ShouldBe(401);
        (await StatusAsync("nbf", 29)).ShouldBe(200);
        (await StatusAsync("nbf", 31)).ShouldBe(401);
    }

    private async Task<int> StatusAsync(string claim, int seconds)
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims[claim] = Server.Clock.GetUtcNow().ToUnixTimeSeconds() + seconds;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/plans");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Server.Issuer.Sign(claims));
        using var anonymous = Server.Client(null);
        using var response = await anonymous.SendAsync(request);
        return (int)response.StatusCode;
    }
}
