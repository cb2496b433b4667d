using System.Reflection;
using System.Runtime.CompilerServices;
using Saga.Registry.Audit;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

public sealed class When_the_audit_names_actions
{
    private static IReadOnlyList<string> Actions { get; } =
        [.. typeof(AuditActions).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)];

    [Fact]
    public void Should_name_the_thing_and_the_verb()
    {
        Actions.ShouldAllBe(a => System.Text.RegularExpressions.Regex.IsMatch(a, @"\A[a-z][A-Za-z]*\.[a-z][A-Za-z]*\z", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        Actions.ShouldBeUnique();
    }

    [Fact]
    public void Should_take_them_from_one_place() =>
        Directory.GetFiles(Sources(), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f) is var text && text.Contains("insert into audit", StringComparison.Ordinal)
                && !text.Contains("AuditAction", StringComparison.Ordinal))
            .ShouldBeEmpty();

    private static string Sources([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src"));
}
