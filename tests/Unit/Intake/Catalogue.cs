using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Engine.Workflows;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;

namespace Saga.Tests.Unit.Intake;

/// <summary>The workflows that this version's commands may run.</summary>
internal static class Catalogue
{
    public static IConfiguration NoSettings { get; } = new ConfigurationBuilder().Build();

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
        [.. new ServiceCollection().AddLifecycle(NoSettings).Select(s => s.ImplementationInstance).OfType<CommandEntry>().SelectMany(c => c.Workflows)];
}
