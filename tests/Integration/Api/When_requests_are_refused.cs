using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Saga.Api.Audit;
using Saga.Api.Tokens;
using Saga.Registry.Audit;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_requests_are_refused : ApiTest
{
    private const string Lines =
        """
        select coalesce(string_agg(concat_ws(' | ', actor, split_part(origin, ' ', 1), outcome, detail ->> 'endpoint', detail ->> 'status', detail ->> 'code', reason, occurrences), E'\n' order by detail ->> 'status', occurrences), '')
        from audit where action = 'request.refuse'
        """;

    [Fact]
    public async Task Should_be_audited_with_the_reason_and_without_the_token()
    {
        using var stranger = Server.Client(null);
        using var bad = Server.Client("secret-token");
        for (var i = 0; i < 3; i++)
            (await ReadAsync("/api/v1/tenants", bad)).Dispose();
        (await ReadAsync("/api/v1/tenants", stranger)).Dispose();
        (await Server.PostAsync(ApiServer.Body("acme"), client: Server.Viewer)).Dispose();
        (await Server.PostAsync(ApiServer.Body("No slug"))).Dispose();
        (await ReadAsync("/api/v1/tenants/nobody")).Dispose();

        await WriteAsync();

        (await Server.QueryAsync<string>(Lines)).Split('\n').ShouldBe(
        [
            "anonymous | http | refused | GET /api/v1/tenants | 401 | unauthenticated | Send a token: Authorization: Bearer <token>. | 1",
            "anonymous | http | refused | GET /api/v1/tenants | 401 | unauthenticated | The token must be a signed JWT: three parts, RS256, ES256 or PS256, at most 16 KiB. | 3",
            "ada | http | refused | POST /api/v1/tenants | 403 | forbidden | This needs the role platform-admin. | 1",
            "ada | http | refused | POST /api/v1/tenants | 422 | validation | The command breaks rules | 1",
        ]);
        (await Server.QueryAsync<string>("select string_agg(a::text, ' ') from audit a")).ShouldNotContain("secret-token");
        (await Server.QueryAsync<string>("select distinct origin from audit where action = 'request.refuse'")).ShouldStartWith("http ");
    }

    [Fact]
    public async Task Should_be_one_line_of_a_minute_while_it_goes_on()
    {
        for (var i = 0; i < 5; i++)
            (await ReadAsync("/api/v1/dead-letters")).Dispose();
        await Server.App.Services.GetRequiredService<RefusalLog>().WriteAsync(all: false, TestContext.Current.CancellationToken);
        (await Server.QueryAsync<string>(Lines)).ShouldBe("", "the minute is not over");

        Server.Clock.Advance(TimeSpan.FromSeconds(61));

        await Until.TrueAsync(async () => (await Server.QueryAsync<string>(Lines)).EndsWith("| 5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_be_bounded_in_a_flood_of_strangers_that_does_not_hide_what_callers_did()
    {
        var log = new RefusalLog(new RefusalStore(Server.Registry), Server.Clock, NullLogger<RefusalLog>.Instance);
        for (var i = 0; i < 1_000_000; i++)
            log.Add(null, $"http 198.51.{i % 100_000}", "GET /api/v1/tenants", 401, "unauthenticated", "The token has expired.");
        log.Add("mallory", "http 203.0.113.9", "POST /api/v1/tenants", 403, "forbidden", "This needs the role platform-admin.");

        await log.WriteAsync(all: true, TestContext.Current.CancellationToken);

        (await Server.QueryAsync<long>("select count(*) from audit")).ShouldBe(RefusalLog.MostLines + 2);
        (await Server.QueryAsync<decimal>("select sum(occurrences) from audit")).ShouldBe(1_000_001);
        (await Server.QueryAsync<string>("select actor from audit where detail ->> 'status' = '403'")).ShouldBe("mallory");
        (await Server.QueryAsync<bool>("select detail ->> 'endpoint' is null from audit order by occurrences desc limit 1")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_written_when_the_process_ends()
    {
        (await ReadAsync("/api/v1/dead-letters")).Dispose();

        await Server.App.StopAsync();

        (await Server.QueryAsync<string>(Lines)).ShouldEndWith("| 1");
    }

    [Fact]
    public async Task Should_not_let_a_token_pass_for_one_who_is_not_known()
    {
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["sub"] = "anonymous";
        using var caller = Server.Client(Server.Issuer.Sign(claims));
        (await ReadAsync("/api/v1/dead-letters", caller)).Dispose();

        await WriteAsync();

        (await Server.QueryAsync<string>(Lines)).ShouldStartWith("token:anonymous | ");
    }

    private Task WriteAsync() => Server.App.Services.GetRequiredService<RefusalLog>().WriteAsync(all: true, TestContext.Current.CancellationToken);
}
