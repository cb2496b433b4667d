using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.CustomSteps;
using Saga.Registry.Operations;
using Saga.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Custom;

/// <summary>The steps of one team's worker.</summary>
public sealed class CustomSteps
{
    private readonly IServiceCollection services;

    internal CustomSteps(IServiceCollection services) => this.services = services;

    /// <summary>Adds a step. It is created once, with what the services offer.</summary>
    public CustomSteps Add<TStep>()
        where TStep : class, ISagaStep
    {
        services.AddSingleton<TStep>();
        services.AddSingleton<IStep>(s => new TeamStep(Checked(s.GetRequiredService<TStep>()), s.GetRequiredService<IStepInputStore>()));
        return this;
    }

    private static ISagaStep Checked(ISagaStep step) => CustomNames.IsStep(step.Name)
        ? step
        : throw new InvalidOperationException($"The name '{step.Name}' of {step.GetType().Name} {CustomNames.StepRule}.");
}
