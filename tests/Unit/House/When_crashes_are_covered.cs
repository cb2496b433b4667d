using System.Runtime.CompilerServices;
using Saga.Tests.Support.World;
using Saga.Tests.Unit.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>A new workflow gets a scenario among the crash tests, which take its boundaries from it, or is made of steps that have one.</summary>
public sealed class When_crashes_are_covered
{
    [Fact]
    public void Should_cover_every_workflow_of_the_catalogue_once()
    {
        Catalogue.Workflows.Where(w => CrashCoverage.All.Count(c => ReferenceEquals(c.Workflow, w)) != 1).Select(CrashCoverage.Describe).ShouldBeEmpty();
        CrashCoverage.All.Where(c => !Catalogue.Workflows.Any(w => ReferenceEquals(c.Workflow, w))).Select(c => CrashCoverage.Describe(c.Workflow)).ShouldBeEmpty();
    }

    [Fact]
    public void Should_kill_at_every_step_of_a_workflow_without_a_class_in_those_that_stand_for_it()
    {
        foreach (var covered in CrashCoverage.All.Where(c => c.Class is null))
        {
            covered.StepsOf.ShouldAllBe(w => CrashCoverage.All.Any(c => ReferenceEquals(c.Workflow, w) && c.Class != null), CrashCoverage.Describe(covered.Workflow));
            covered.Workflow.Steps.Where(s => s.Wait is null).Select(s => s.Name).Except(covered.StepsOf.SelectMany(w => w.Steps).Select(s => s.Name)).ShouldBeEmpty(CrashCoverage.Describe(covered.Workflow));
        }
    }

    [Fact]
    public void Should_name_tests_that_exist()
    {
        var there = Directory.EnumerateFiles(EndToEnd(), "When_*.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);

        CrashCoverage.All.Select(c => c.Class).OfType<string>().Distinct(StringComparer.Ordinal).Where(c => !there.Contains(c)).ShouldBeEmpty();
    }

    private static string EndToEnd([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "EndToEnd"));
}
