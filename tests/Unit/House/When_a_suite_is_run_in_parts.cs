using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>A filter that names nothing runs nothing, and nobody notices while another filter runs something.</summary>
public sealed partial class When_a_suite_is_run_in_parts
{
    private static readonly string Root = Here();

    [Fact]
    public void Should_name_namespaces_that_have_tests() => Named().Except(Tests(_ => true), StringComparer.Ordinal).ShouldBeEmpty();

    [Fact]
    public void Should_try_what_keeps_tenants_apart_in_PostgreSQL_on_the_other_version_too()
    {
        // What these try does not depend on PostgreSQL's version, except for the registry's roles, whose suite takes too long to run twice.
        string[] elsewhere = ["Api", "Audit", "Cache", "Domains", "Host", "Identity", "Intake", "Registry", "Storage"];
        Tests(text => text.Contains("[IsolationSuite]", StringComparison.Ordinal)).Except(Named(), StringComparer.Ordinal)
            .ShouldBe(elsewhere.Select(e => "Saga.Tests.Integration." + e), ignoreOrder: true);
    }

    // The namespaces whose tests run on the other version.
    private static string[] Named()
    {
        var line = Provisions().Match(File.ReadAllText(Path.Combine(Root, "dev")));
        line.Success.ShouldBeTrue();
        return [.. line.Groups["names"].Value.Split('|').Select(n => "Saga.Tests.Integration." + n)];
    }

    // The namespaces of the integration tests whose text is of this kind.
    private static HashSet<string> Tests(Func<string, bool> kind) =>
    [
        .. Directory.GetFiles(Path.Combine(Root, "tests", "Integration"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText).Where(t => t.Contains("[Fact]", StringComparison.Ordinal) || t.Contains("[Theory]", StringComparison.Ordinal)).Where(kind)
            .Select(t => Declared().Match(t).Groups["name"].Value),
    ];

    private static string Here([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));

    [GeneratedRegex("^provisions='(?<names>[A-Za-z|]+)'$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Provisions();

    [GeneratedRegex(@"^namespace (?<name>[A-Za-z.]+);", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Declared();
}
