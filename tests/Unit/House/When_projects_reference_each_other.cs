using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>References point only downwards. Adding a reference is a design decision: change the table together with it.</summary>
public sealed class When_projects_reference_each_other
{
    // In this order, each project is above all projects that it may reference.
    private static readonly (string Project, string[] Allowed)[] Table =
    [
        ("Contracts", []),
        ("Engine", ["Contracts"]),
        ("Registry", ["Engine"]),
        ("Messaging", ["Contracts"]),
        ("Steps", ["Contracts"]),
        ("Lifecycle", ["Registry"]),
        ("Hosting", ["Registry"]),
        ("Tenancy", ["Contracts"]),
        ("Client", ["Contracts"]),
        ("Api", ["Lifecycle", "Hosting", "Tenancy"]),
        ("Orchestrator", ["Lifecycle", "Messaging", "Hosting"]),
        ("Workers", ["Registry", "Messaging", "Tenancy", "Hosting", "Steps"]),
        ("Host", ["Api", "Orchestrator", "Workers", "Client"]),
    ];

    [Fact]
    public void Should_reference_exactly_what_the_table_allows() =>
        Directory.GetFiles(Sources(), "*.csproj", SearchOption.AllDirectories)
            .Select(file => $"{Name(file)} -> {string.Join(", ", References(file).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)
            .ShouldBe(Table.Select(row => $"{row.Project} -> {string.Join(", ", row.Allowed.Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal));

    [Fact]
    public void Should_point_down_only()
    {
        var below = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (project, allowed) in Table)
        {
            allowed.ShouldBeSubsetOf(below, project);
            below.Add(project);
        }
    }

    [Theory]
    [InlineData("Api")]
    [InlineData("Orchestrator")]
    [InlineData("Workers")]
    public void Should_keep_the_three_programs_apart(string program) =>
        All(program).Intersect(["Api", "Orchestrator", "Workers"], StringComparer.Ordinal).ShouldBe([program]);

    [Fact]
    public void Should_bring_nothing_but_contracts_to_product_services() => All("Tenancy").ShouldBe(["Tenancy", "Contracts"], ignoreOrder: true);

    [Fact]
    public void Should_be_drawn_so_in_the_architecture()
    {
        var drawn = File.ReadLines(Path.Combine(Sources(), "..", "docs", "architecture.md")).SkipWhile(l => l != "flowchart BT").Skip(1).TakeWhile(l => l != "```")
            .Select(l => l.Trim().Split(" --> ")).Select(l => $"{l[0]} -> {string.Join(", ", l[1].Split(" & ").Order(StringComparer.Ordinal))}");

        drawn.ShouldBe(Table.Where(row => row.Allowed.Length > 0).Select(row => $"{row.Project} -> {string.Join(", ", row.Allowed.Order(StringComparer.Ordinal))}"), ignoreOrder: true);
    }

    private static HashSet<string> All(string project) =>
        [project, .. Table.Single(row => row.Project == project).Allowed.SelectMany(All)];

    private static IEnumerable<string> References(string file) =>
        XDocument.Load(file).Descendants("ProjectReference").Select(r => Name(r.Attribute("Include")!.Value));

    // Saga.Api.csproj is Api.
    private static string Name(string file) => Path.GetFileNameWithoutExtension(file.Replace('\\', '/'))["Saga.".Length..];

    private static string Sources([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src"));
}
