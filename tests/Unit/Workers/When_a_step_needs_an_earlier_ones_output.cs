using System.Runtime.CompilerServices;
using Saga.Tests.Unit.Intake;
using Saga.Workers;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_a_step_needs_an_earlier_ones_output
{
    // The workflow's needs are validated and the class's needs are read, so both must be equal.
    [Fact]
    public void Should_be_listed_so_in_every_workflow()
    {
        // What custom steps need is in their operation's workflow only.
        var steps = typeof(WorkersRegistration).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IStep)) && t is { IsAbstract: false, IsInterface: false })
            .Where(t => t.Namespace is not ("Saga.Workers.Custom" or "Saga.Workers.Http")).Select(Bare).ToDictionary(s => s.Name, s => s.Needs, StringComparer.Ordinal);

        foreach (var step in Catalogue.Workflows.SelectMany(w => w.Steps).Where(s => s.Wait is null))
            step.Needs.ShouldBe(steps[step.Name], step.Name);
    }

    // Names and needs are constants of the class, so its dependencies are not needed.
    private static IStep Bare(Type type) => (IStep)RuntimeHelpers.GetUninitializedObject(type);
}
