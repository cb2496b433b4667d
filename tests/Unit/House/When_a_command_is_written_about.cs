using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Saga.Host.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>Messages and pages tell people what to run, so it must be what they can type.</summary>
public sealed class When_a_command_is_written_about
{
    private static readonly string Root = Here();

    [Fact]
    public void Should_begin_with_the_programs_file_name()
    {
        var misspelt = new Regex($@"(?<![\w.])(saga|host) ({string.Join('|', HostCommand.All.Select(c => Regex.Escape(c.Words)))})\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

        Texts().SelectMany(f => misspelt.Matches(File.ReadAllText(f)).Select(m => $"{Path.GetRelativePath(Root, f)}: {m.Value}")).ShouldBeEmpty();
    }

    [Fact]
    public void Should_be_the_file_that_the_build_makes() =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, HostCommand.Program + ".dll")).ShouldBeTrue();

    private static IEnumerable<string> Texts() =>
        Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories))
            .Append(Path.Combine(Root, "README.md"))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string Here([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));
}
