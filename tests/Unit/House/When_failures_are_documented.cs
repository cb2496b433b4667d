using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Saga.Api.Failures;
using Saga.Engine.Decisions;
using Saga.Hosting.Startup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>
/// Every failure code has a page in <c>docs/failures</c>. Codes are words with hyphens in the folders where failures are made; whatever
/// looks like one there is a code, or is listed here as something else.
/// </summary>
public sealed partial class When_failures_are_documented
{
    private static readonly string Root = Here();
    private static readonly string Docs = Path.Combine(Root, "docs", "failures");

    private static readonly string[] Folders =
        ["src/Workers", "src/Engine", "src/Registry/Scopes", "src/Registry/Operations", "src/Tenancy/Objects", "src/Tenancy/Cache"];

    // Words of other systems, names of systems and resources, why batches pause, and codes of what product services call.
    private static readonly HashSet<string> Others = new(StringComparer.Ordinal)
    {
        "2012-10-17", "audit-proof", "auto-generated", "backup-copy", "backup-tools", "cache-not-a-number", "client-scopes", "copy-text", "default-default-client-scopes",
        "default-optional-client-scopes", "embedded-identity", "external-systems", "items-failed", "json-lines", "manage-organizations", "manage-users",
        "oidc-organization-group-membership-mapper", "oidc-organization-membership-mapper", "oidc-sub-mapper", "registry-backups", "rehearsal-failed", "saga-abort-unfinished-uploads",
        "saga-backup", "saga-expire-former-versions", "saga-prepare", "saga-tenant", "saga-worker", "saga-workers", "tenant-admin", "us-east-1", "verify-ca",
        "verify-full", "webhook-id", "webhook-signature", "webhook-timestamp",
    };

    // Codes without a hyphen, and those that are put together: with a prefix in Failures, PlanSettings and verifications, and with a program's name.
    private static readonly string[] Composed =
    [
        "deferred", "timeout", "unexpected", "feature-unknown", "setting-unknown", "http-unavailable", "http-busy", "http-failed", "http-refused", "keycloak-server-error",
        "pg-dump-failed", "pg-restore-failed", "postgresql-unavailable", "postgresql-busy", "postgresql-refused", "rabbitmq-unavailable", "rabbitmq-busy",
        "rabbitmq-failed", "rabbitmq-refused", "socket-unavailable", "socket-busy", "socket-refused", "tls-unavailable", "tls-busy", "tls-refused",
        "verify-cache", "verify-configuration", "verify-database", "verify-identity", "verify-objects",
    ];

    // For all SQLSTATEs, and for all of S3's errors.
    private static readonly string[] Shared = ["postgresql-sqlstate", "s3-error"];

    private static IReadOnlyList<string> Pages { get; } =
        [.. Directory.GetFiles(Docs, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n != "README").Order(StringComparer.Ordinal)];

    public static TheoryData<string> EachPage => [.. Pages];

    [Fact]
    public void Should_have_a_page_for_each_code_and_a_code_for_each_page()
    {
        var codes = Codes();

        codes.Except(Pages, StringComparer.Ordinal).ShouldBeEmpty("These codes have no page in docs/failures. Write one; or list the word in this test, if it is no code.");
        Pages.Except(codes, StringComparer.Ordinal).ShouldBeEmpty("These pages have no code any more.");
        Others.Except(Words(), StringComparer.Ordinal).ShouldBeEmpty("These words are listed in this test, and in the code no more.");
    }

    [Theory, MemberData(nameof(EachPage))]
    public void Should_say_what_it_means_what_to_look_at_and_what_to_do(string code)
    {
        var text = File.ReadAllText(Path.Combine(Docs, code + ".md"));
        var lines = text.TrimEnd('\n').Split('\n');

        lines[0].ShouldStartWith($"# `{code}`: ");
        lines.Where(l => l.StartsWith("## ", StringComparison.Ordinal)).ShouldBe(["## What it means", "## What to look at", "## What to do"]);
        lines.Length.ShouldBeLessThanOrEqualTo(30);
        Linked().Matches(text).Select(m => m.Groups["file"].Value).Where(f => !File.Exists(Path.Combine(Docs, f))).ShouldBeEmpty();
        Named().Matches(text).Select(m => m.Groups["path"].Value).Where(p => !File.Exists(Path.Combine(Root, p))).ShouldBeEmpty();
        Setting().Matches(text).Select(m => Placeholder().Replace(m.Groups["key"].Value, "*"))
            .Where(k => !KnownSettings.IsKnown(k) && !KnownSettings.All.Any(a => a.StartsWith(k + ":", StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public void Should_be_listed()
    {
        var index = Path.Combine(Docs, "README.md");
        var text =
            "# Failures\n\nEach failure of a step has a code, and each code has a page here. Generated from their first lines: run the unit tests with `SAGA_UPDATE_DOCS=1`.\n"
            + "`GET /api/v1/operations/failures` groups what failed by these codes, and the API gives the page's address with each failure (`help`).\n"
            + "To *replay* is an operator's order for an operation that stalled; to *send the command again* begins a new one.\n"
            + "[decisions/failures.md](../decisions/failures.md) says what the kinds of failures are.\n\n| code | |\n|---|---|\n"
            + string.Concat(Pages.Select(p => $"| [`{p}`]({p}.md) | {Title(p)} |\n"));
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(index, text);

        text.ShouldBe(File.ReadAllText(index), "docs/failures/README.md changed: run the unit tests with SAGA_UPDATE_DOCS=1 and commit it.");
    }

    [Theory]
    [InlineData("server-full", "/docs/failures/server-full")]
    [InlineData("postgresql-42501", "/docs/failures/postgresql-sqlstate")]
    [InlineData("postgresql-busy", "/docs/failures/postgresql-busy")]
    [InlineData("s3-no-such-bucket", "/docs/failures/s3-error")]
    [InlineData("s3-/../x", null)]
    [InlineData("crm-account-taken", null)]
    [InlineData("README", null)]
    public void Should_be_linked_from_the_code(string code, string? address) =>
        new FailureHelp(Options.Create(new FailureHelpOptions())).AddressOf(code).ShouldBe(address);

    [Theory]
    [InlineData("/docs/failures/{code}", true)]
    [InlineData("https://runbooks.example.com/saga?code={code}", true)]
    [InlineData("http://[::1]:8080/{code}.html#top", true)]
    [InlineData("https://runbooks.example.com/", false)]
    [InlineData("docs/failures/{code}", false)]
    [InlineData("ftp://runbooks.example.com/{code}", false)]
    [InlineData("javascript:alert('{code}')", false)]
    [InlineData("", false)]
    public void Should_be_anywhere_on_the_web(string template, bool valid)
    {
        var options = new FailureHelpOptions { FailureHelp = template };

        System.ComponentModel.DataAnnotations.Validator.TryValidateObject(options, new(options), [], validateAllProperties: true).ShouldBe(valid);
    }

    private static List<string> Codes() =>
    [
        .. Words().Except(Others, StringComparer.Ordinal).Concat(Composed).Concat(Shared)
            .Concat(typeof(EngineFailures).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    private static HashSet<string> Words() =>
    [
        .. from folder in Folders
           from file in Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
           where !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
           from line in File.ReadLines(file)
           where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
           from Match word in Hyphenated().Matches(line)
           select word.Groups["word"].Value,
    ];

    private static string Title(string page) => File.ReadLines(Path.Combine(Docs, page + ".md")).First()[$"# `{page}`: ".Length..];

    private static string Here([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));

    [GeneratedRegex("\"(?<word>[a-z0-9]+(-[a-z0-9]+)+)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hyphenated();

    [GeneratedRegex(@"\]\((?<file>[^)/:#]+)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Linked();

    [GeneratedRegex(@"`(?<path>(src|docs)/[A-Za-z0-9/._-]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    [GeneratedRegex("`(?<key>Saga:[A-Za-z0-9:<>]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();

    [GeneratedRegex("<[a-z]+>", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Placeholder();
}
