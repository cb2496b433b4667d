using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api.Problems;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed partial class When_the_contract_is_compared(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public async Task Should_serve_the_document_that_was_approved()
    {
        using var client = Server.Client(null);

        var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));

        Approved.Same("openapi.json", JsonSerializer.Serialize(document, Indented) + "\n");
    }

    [Theory]
    [InlineData("OperationSummaryView", "state", "OperationState")]
    [InlineData("OperationView", "state", "OperationState")]
    [InlineData("StepView", "status", "StepStatus")]
    public async Task Should_name_the_lists_of_values_for_generated_clients(string owner, string member, string schema)
    {
        using var client = Server.Client(null);

        var schemas = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement.GetProperty("components").GetProperty("schemas");

        schemas.GetProperty(owner).GetProperty("properties").GetProperty(member).GetProperty("$ref").GetString().ShouldBe($"#/components/schemas/{schema}");
        schemas.GetProperty(schema).GetProperty("enum").EnumerateArray().Select(w => w.GetString()).ShouldContain("unknown");
    }

    [Fact]
    public void Should_have_the_routes_that_were_approved() =>
        Approved.Same("routes.txt", string.Concat(Endpoints().Select(e => $"{Methods(e)} {e.RoutePattern.RawText} {Callers(e)}\n").Order(StringComparer.Ordinal)));

    [Fact]
    public void Should_have_the_problems_that_were_approved() =>
        Approved.Same("problems.txt", string.Concat(ProblemType.All.Select(p => $"{p.Status} {p.Uri} {p.Title}\n").Order(StringComparer.Ordinal)));

    [Fact]
    public void Should_state_who_may_call_every_endpoint() =>
        Endpoints().ShouldAllBe(e => Caller(e) == "anybody" || Policies.All.Contains(Caller(e)));

    [Fact]
    public void Should_let_viewers_and_auditors_only_read() =>
        Endpoints().Where(e => Methods(e) is not ("GET" or "GET,HEAD")).ShouldAllBe(e => Caller(e) == Policies.Operate || Caller(e) == Policies.Write);

    [Fact]
    public void Should_let_operators_decide_about_operations_batches_and_messages_and_scan_and_repair_drift_only() => Endpoints().Where(e => Caller(e) == Policies.Operate)
        .Select(e => $"{Methods(e)} {e.RoutePattern.RawText}").Order(StringComparer.Ordinal).ShouldBe(
        [
            "GET,HEAD /api/v1/dead-letters",
            "GET,HEAD /api/v1/dead-letters/{id}",
            "POST /api/v1/batches/{id}/abort",
            "POST /api/v1/batches/{id}/pause",
            "POST /api/v1/batches/{id}/resume",
            "POST /api/v1/batches/{id}/run",
            "POST /api/v1/dead-letters/{id}/return",
            "POST /api/v1/drift/quarantine/{id}/release",
            "POST /api/v1/drift/repairs",
            "POST /api/v1/drift/scans",
            "POST /api/v1/operations/{id}/approve",
            "POST /api/v1/operations/{id}/cancel",
            "POST /api/v1/operations/{id}/note",
            "POST /api/v1/operations/{id}/reject",
            "POST /api/v1/operations/{id}/replay",
            "POST /api/v1/operations/{id}/signals/{name}",
            "POST /api/v1/operations/{id}/waits/{step}/end",
            "POST /api/v1/replays",
        ]);

    [Fact]
    public void Should_show_the_audit_log_to_auditors() => Endpoints().Where(e => Caller(e) == Policies.Audit).Select(e => $"{Methods(e)} {e.RoutePattern.RawText}")
        .Order(StringComparer.Ordinal).ShouldBe(["GET,HEAD /api/v1/audit", "GET,HEAD /api/v1/tenants/{idOrSlug}/audit"]);

    [Fact]
    public void Should_list_the_roles_of_every_endpoint_in_the_documentation() => Approved.SameTable(
        "roles.md",
        "| endpoint | who |\n|---|---|\n" + string.Concat(Endpoints().Select(e => $"| `{Methods(e)} {e.RoutePattern.RawText}` | {Callers(e)} |\n").Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData(Roles.Admin)]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.Auditor)]
    [InlineData(Roles.Viewer)]
    [InlineData("another")]
    public async Task Should_let_each_role_call_what_is_approved_and_nothing_else(string role)
    {
        using var client = Server.Client(Server.Issuer.Token(role));
        foreach (var endpoint in Endpoints().Where(e => Caller(e) != "anybody"))
        {
            var method = Methods(endpoint).Split(',')[0];
            using var request = new HttpRequestMessage(new(method), Parameter().Replace(endpoint.RoutePattern.RawText!, Nobody));
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            (response.StatusCode != HttpStatusCode.Forbidden).ShouldBe(Policies.RolesOf(Caller(endpoint)!).Contains(role), $"{method} {endpoint.RoutePattern.RawText}: {response.StatusCode}");
            if (response.StatusCode == HttpStatusCode.Forbidden)
                (await ProblemAsync(response, 403, "forbidden")).GetProperty("detail").GetString().ShouldBe($"This needs the role {Words(Caller(endpoint)!)}.");
        }
    }

    [Fact]
    public async Task Should_close_what_says_nothing()
    {
        await using var server = await ApiServer.StartAsync(map: app => app.MapGet("/forgotten", () => "secret"));
        using var nobody = server.Client(null);

        using var refused = await nobody.GetAsync(new Uri("/forgotten", UriKind.Relative));
        using var elsewhere = await nobody.GetAsync(new Uri("/elsewhere", UriKind.Relative));

        await ProblemAsync(refused, 401, "unauthenticated");
        await ProblemAsync(elsewhere, 401, "unauthenticated");
    }

    [Fact]
    public async Task Should_describe_every_endpoint_of_the_api()
    {
        using var client = Server.Client(null);
        var paths = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement.GetProperty("paths");

        foreach (var endpoint in Endpoints().Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal)))
        {
            var operation = paths.GetProperty(endpoint.RoutePattern.RawText!).GetProperty(Methods(endpoint).Split(',')[0].ToLowerInvariant());
            (operation.TryGetProperty("security", out var security) ? security.GetArrayLength() : 0).ShouldBe(Caller(endpoint) == "anybody" ? 0 : 1);
            operation.GetProperty("responses").TryGetProperty("503", out _).ShouldBeTrue();
        }
    }

    private const string Nobody = "0199a1b2-0000-7000-8000-000000000000";

    private static string Words(string policy) => policy switch
    {
        Policies.Read => "platform-admin, platform-operator, platform-auditor or platform-viewer",
        Policies.Operate => "platform-admin or platform-operator",
        Policies.Audit => "platform-admin or platform-auditor",
        _ => "platform-admin",
    };

    private List<RouteEndpoint> Endpoints() =>
        [.. Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    private static string Methods(RouteEndpoint endpoint) => string.Join(',', endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]);

    private static string Callers(RouteEndpoint endpoint) => Caller(endpoint) switch
    {
        "anybody" => "anybody",
        { } policy => string.Join(", ", Policies.RolesOf(policy)),
        _ => "nobody has said",
    };

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Parameter();

    private static string? Caller(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "anybody" : endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy;
}
