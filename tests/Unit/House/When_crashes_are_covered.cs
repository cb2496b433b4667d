using System.Runtime.CompilerServices;
using Saga.Tests.Support.World;
using Saga.Tests.Unit.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>A new kind of operation gets a scenario among the crash tests, which take its boundaries from its workflow.</summary>
public sealed class When_crashes_are_covered
{
    [Fact]
    public void Should_name_a_crash_test_for_every_kind_of_operation() =>
        CrashCoverage.Classes.Keys.Order(StringComparer.Ordinal).ShouldBe(Catalogue.Workflows.Select(w => w.Kind).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void Should_name_tests_that_exist()
    {
        var there = Directory.EnumerateFiles(EndToEnd(), "When_*.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);

        CrashCoverage.Classes.Values.Distinct(StringComparer.Ordinal).Where(c => !there.Contains(c)).ShouldBeEmpty();
    }

    private static string EndToEnd([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "EndToEnd"));
}
