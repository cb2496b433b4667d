using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>One API for all tests of a class, which do not change it.</summary>
public sealed class SharedApi : IAsyncLifetime
{
    public ApiServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ApiServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A separate API for each test, unless the class shares one.</summary>
public abstract class ApiTest(SharedApi? shared = null) : IAsyncLifetime
{
    protected ApiServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = shared?.Server ?? await StartAsync();

    /// <summary>Starts the separate API.</summary>
    protected virtual Task<ApiServer> StartAsync() => ApiServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (shared is null)
            await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Checks that the response is a complete problem of this kind, and returns it.</summary>
    protected static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonDocument.Parse(text).RootElement;
        problem.GetProperty("type").GetString().ShouldBe("urn:saga:problem:" + code);
        problem.GetProperty("status").GetInt32().ShouldBe(status);
        problem.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("traceId").GetString()!.Length.ShouldBe(32);
        text.ShouldNotContain("   at ");
        text.ShouldNotContain("Exception");
        return problem;
    }

    protected static string Pointers(JsonElement problem) => string.Join(' ', problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()));

    protected static string Parameters(JsonElement problem) => string.Join(' ', problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("parameter").GetString()));

    protected async Task<HttpResponseMessage> PostTextAsync(string body, string? type = "application/json")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return await Server.Admin.PostAsync(new Uri("/api/v1/tenants", UriKind.Relative), content);
    }

    protected Task<HttpResponseMessage> ReadAsync(string path, HttpClient? client = null) =>
        (client ?? Server.Viewer).GetAsync(new Uri(path, UriKind.Relative));

    protected Task<long> RowsAsync() => Server.QueryAsync<long>(
        """
        select (select count(*) from tenants) + (select count(*) from operations) + (select count(*) from operation_history)
             + (select count(*) from audit where action not in ('command.refuse', 'request.refuse')) + (select count(*) from outbox where message_type not like '%.CommandRefused') + (select count(*) from idempotency_keys) + (select count(*) from workflows)
        """);
}
