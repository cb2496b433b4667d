using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

public sealed partial class When_the_how_to_pages_name_files
{
    private static readonly string Root = Here();

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Root, "docs", "how-to")).Select(f => Path.GetFileName(f))];

    [Theory, MemberData(nameof(Pages))]
    public void Should_name_files_that_are_there(string page)
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "how-to", page));

        var paths = Paths().Matches(text).Select(m => m.Groups["path"].Value).ToList();
        paths.ShouldNotBeEmpty();
        paths.Where(p => !Path.Exists(Path.Combine(Root, p))).ShouldBeEmpty();

        var names = Names().Matches(text).Select(m => m.Groups["name"].Value).ToList();
        names.Where(n => !Files.Contains(n)).ShouldBeEmpty();
    }

    private static HashSet<string> Files { get; } =
        [.. new[] { "src", "tests" }.SelectMany(f => Directory.GetFiles(Path.Combine(Root, f), "*.cs", SearchOption.AllDirectories)).Select(f => Path.GetFileName(f))];

    private static string Here([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));

    [GeneratedRegex(@"`(?<path>(src|tests|docs)/[A-Za-z0-9/._]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Paths();

    [GeneratedRegex(@"`([A-Za-z]+/)*(?<name>[A-Z][A-Za-z_]+\.cs)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();
}
