using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Messaging.Pausing;
using Saga.Orchestrator.Persistence;
using Saga.Registry;

namespace Saga.Orchestrator.DeadLetters;

internal static class DeadLettersRegistration
{
    /// <summary>Stores messages that could not be consumed in the registry, and pauses consumption while the registry is unavailable.</summary>
    public static IServiceCollection AddDeadLetters(this IServiceCollection services)
    {
        services.TryAddSingleton(s => new Prerequisite(
            "registry", RegistryAvailability.IsAway, e => e is SharedTransactionException || RegistryAvailability.IsTransient(e), s.GetRequiredService<RegistryAvailability>().AnswersAsync));
        services.AddSingleton<DeadLetterConsumer>();
        services.AddSingleton(DeadLetterEndpoint.Definition);
        services.AddHealthChecks().AddCheck<DeadLettersHealth>("dead-letters");
        return services;
    }
}
