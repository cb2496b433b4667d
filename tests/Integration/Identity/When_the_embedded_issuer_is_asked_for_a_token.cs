using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Saga.Host.Embedded.Identity;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_embedded_issuer_is_asked_for_a_token
{
    private static readonly (string, string) Grant = ("grant_type", "client_credentials");

    [Fact]
    public async Task Should_answer_as_RFC_6749_says()
    {
        await using var issuer = await RunningIssuer.StartAsync();

        using var response = await issuer.AskAsync(IssuerClients.Admin, issuer.Secret(IssuerClients.Admin));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl.ShouldNotBeNull().NoStore.ShouldBeTrue();
        var answer = await RunningIssuer.JsonAsync(response);
        (answer.GetProperty("token_type").GetString(), answer.GetProperty("expires_in").GetInt32()).ShouldBe(("Bearer", 3600));
    }

    [Fact]
    public async Task Should_take_the_secret_in_a_Basic_header()
    {
        await using var issuer = await RunningIssuer.StartAsync(settings:
        [
            new("Saga:Identity:Embedded:Clients:0:Id", "console app"),
            new("Saga:Identity:Embedded:Clients:0:Secret", "pass:word+with % signs"),
            new("Saga:Identity:Embedded:Clients:0:Roles:0", "platform-viewer"),
        ]);
        var pair = $"{WebUtility.UrlEncode("console app")}:{WebUtility.UrlEncode("pass:word+with % signs")}";
        issuer.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));

        using var response = await issuer.AskAsync(Grant);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(IssuerClients.Admin, "wrong")]
    [InlineData(IssuerClients.Admin, "")]
    [InlineData("nobody", "wrong")]
    [InlineData("", "")]
    public async Task Should_refuse_what_does_not_belong_together(string client, string secret)
    {
        await using var issuer = await RunningIssuer.StartAsync();

        using var response = await issuer.AskAsync(client, secret);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Basic");
        (await RunningIssuer.JsonAsync(response)).GetProperty("error").GetString().ShouldBe("invalid_client");
    }

    [Fact]
    public async Task Should_refuse_one_clients_secret_for_another()
    {
        await using var issuer = await RunningIssuer.StartAsync();

        using var response = await issuer.AskAsync(IssuerClients.Admin, issuer.Secret(IssuerClients.Viewer));

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_let_the_right_secret_through_while_a_stranger_floods()
    {
        var time = new TestClock(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var issuer = await RunningIssuer.StartAsync(time: time, settings: [new("Saga:Identity:Embedded:FailuresPerMinute", "3")]);
        for (var i = 0; i < 3; i++)
            (await issuer.AskAsync(IssuerClients.Admin, $"guess {i}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        for (var i = 0; i < 20; i++)
        {
            using var guess = await issuer.AskAsync(IssuerClients.Admin, $"flood {i}");
            guess.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            guess.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldBe(TimeSpan.FromMinutes(1));
            using var right = await issuer.AskAsync(IssuerClients.Admin, issuer.Secret(IssuerClients.Admin));
            right.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        (await issuer.AskAsync(IssuerClients.Admin, "guess 4")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_not_lock_out_the_right_secret_because_a_stranger_failed()
    {
        await using var issuer = await RunningIssuer.StartAsync();
        for (var i = 0; i < 10; i++)
            (await issuer.AskAsync(IssuerClients.Admin, $"guess {i}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        (await issuer.AskAsync(IssuerClients.Admin, issuer.Secret(IssuerClients.Admin))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_count_names_that_do_not_exist_together()
    {
        await using var issuer = await RunningIssuer.StartAsync(settings: [new("Saga:Identity:Embedded:FailuresPerMinute", "3")]);
        for (var i = 0; i < 3; i++)
            await issuer.AskAsync($"name{i}", "guess");

        (await issuer.AskAsync("name4", "guess")).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Should_refuse_another_grant()
    {
        await using var issuer = await RunningIssuer.StartAsync();

        using var response = await issuer.AskAsync(("grant_type", "password"), ("client_id", IssuerClients.Admin), ("client_secret", issuer.Secret(IssuerClients.Admin)));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await RunningIssuer.JsonAsync(response)).GetProperty("error").GetString().ShouldBe("unsupported_grant_type");
    }

    [Fact]
    public async Task Should_refuse_what_is_not_a_token_request()
    {
        await using var issuer = await RunningIssuer.StartAsync();
        HttpContent[] contents =
        [
            new StringContent("{}", Encoding.UTF8, "application/json"),
            new FormUrlEncodedContent([new("client_id", IssuerClients.Admin)]),
            new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("grant_type", "client_credentials")]),
            new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_secret", new string('x', 20_000))]),
            new FormUrlEncodedContent(Enumerable.Range(0, 50).Select(i => KeyValuePair.Create($"k{i}", "v"))),
        ];
        foreach (var content in contents)
        {
            using var response = await issuer.Http.PostAsync("token", content);

            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            (await RunningIssuer.JsonAsync(response)).GetProperty("error").GetString().ShouldBe("invalid_request");
        }
    }

    [Fact]
    public async Task Should_refuse_two_ways_of_authenticating_at_once()
    {
        await using var issuer = await RunningIssuer.StartAsync();
        var secret = issuer.Secret(IssuerClients.Admin);
        issuer.Http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{IssuerClients.Admin}:{secret}")));

        (await issuer.AskAsync(IssuerClients.Admin, secret)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await issuer.AskAsync(Grant, ("client_id", IssuerClients.Viewer))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await issuer.AskAsync(Grant, ("client_id", IssuerClients.Admin))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_keep_its_secrets_to_the_owner()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        await using var issuer = await RunningIssuer.StartAsync();
        issuer.Keys.Rotate();

        var files = Directory.GetFiles(issuer.Folder);

        files.Select(Path.GetFileName).Order().ShouldBe(["saga-admin.secret", "saga-auditor.secret", "saga-operator.secret", "saga-viewer.secret", "signing-keys.json"]);
        foreach (var file in files)
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
