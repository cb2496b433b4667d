using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>The page that shows the OpenAPI document is public like the document, and loads files only from this process.</summary>
public sealed partial class When_the_reference_is_read(SharedApi api) : ApiTest(api), IClassFixture<SharedApi>
{
    [Fact]
    public async Task Should_show_the_document_to_anybody()
    {
        var page = await PageAsync();

        page.ShouldContain("openapi/v1.json");
        page.ShouldContain("Saga control plane");
    }

    [Fact]
    public async Task Should_load_everything_from_this_process()
    {
        using var nobody = Server.Client(null);
        var page = await PageAsync();

        page.ShouldNotContain("://");
        var scripts = Sources().Matches(page).Select(m => m.Groups[1].Value).ToList();
        scripts.ShouldNotBeEmpty();
        foreach (var script in scripts)
        {
            using var answer = await nobody.GetAsync(new Uri("/docs/" + script, UriKind.Relative));
            ((int)answer.StatusCode).ShouldBe(200, script);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript", script);
        }
    }

    [Fact]
    public async Task Should_forbid_the_browser_to_load_from_elsewhere()
    {
        using var nobody = Server.Client(null);
        using var answer = await nobody.GetAsync(new Uri("/docs/", UriKind.Relative));

        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldStartWith("default-src 'none'; ");
        policy.ShouldNotContain("http");
        policy.ShouldNotContain("*");
        policy.ShouldNotContain("unsafe-eval");
        // Scripts run only with the nonce of this response.
        var nonce = Nonce().Match(policy).Groups[1].Value;
        var page = await answer.Content.ReadAsStringAsync();
        Scripts().Count(page).ShouldBe(page.Split($"nonce=\"{nonce}\"").Length - 1);
        using var again = await nobody.GetAsync(new Uri("/docs/", UriKind.Relative));
        again.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldNotContain(nonce);
    }

    private async Task<string> PageAsync()
    {
        using var nobody = Server.Client(null);
        return await nobody.GetStringAsync(new Uri("/docs", UriKind.Relative));
    }

    [GeneratedRegex("src=\"(?<source>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sources();

    [GeneratedRegex("<script", RegexOptions.None, 1000)]
    private static partial Regex Scripts();

    [GeneratedRegex("'nonce-(?<nonce>[0-9a-f]+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Nonce();
}
