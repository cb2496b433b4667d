using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>The version list contains only packages in use, and the dependencies page says what each is for.</summary>
public sealed class When_packages_are_listed
{
    private static readonly IReadOnlyList<string> Versions = Includes("Directory.Packages.props", "PackageVersion");

    [Fact]
    public void Should_list_what_a_project_uses_and_nothing_else() =>
        Files().SelectMany(f => Includes(f, "PackageReference")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .ShouldBe(Versions.Order(StringComparer.Ordinal));

    [Fact]
    public void Should_say_what_each_is_for()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "dependencies.md"));

        // A family is written once, as in "Serilog, .AspNetCore".
        Versions.Where(v => !page.Contains(v, StringComparison.Ordinal) && !page.Contains("." + v.Split('.')[^1], StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    // Version 9 needs a paid licence.
    [InlineData("MassTransit", 9)]
    // Version 3 breaks Microsoft.AspNetCore.OpenApi 10.
    [InlineData("Microsoft.OpenApi", 3)]
    public void Should_stay_below(string package, int major) =>
        XDocument.Load(Path.Combine(Root(), "Directory.Packages.props")).Descendants("PackageVersion")
            .Where(v => v.Attribute("Include")!.Value == package)
            .ShouldAllBe(v => int.Parse(v.Attribute("Version")!.Value.Split('.', 2)[0], System.Globalization.CultureInfo.InvariantCulture) < major);

    private static IEnumerable<string> Files() =>
    [
        "Directory.Build.props",
        .. new[] { "src", "tests", "bench" }.SelectMany(f => Directory.GetFiles(Path.Combine(Root(), f), "*.csproj", SearchOption.AllDirectories)),
    ];

    private static List<string> Includes(string file, string element) =>
        [.. XDocument.Load(Path.Combine(Root(), file)).Descendants(element).Select(e => e.Attribute("Include")!.Value)];

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
