using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Contracts;
using Saga.Messaging;
using Saga.Messaging.Pausing;
using Saga.Orchestrator.Persistence;
using Saga.Registry;

namespace Saga.Orchestrator.DeadLetters;

internal static class DeadLettersRegistration
{
    /// <summary>Takes what could not be consumed into the registry, and lets nothing be consumed while the registry is away.</summary>
    public static IServiceCollection AddDeadLetters(this IServiceCollection services)
    {
        services.TryAddSingleton(s => new Prerequisite(
            "registry", RegistryAvailability.IsAway, e => e is SharedTransactionException || RegistryAvailability.IsTransient(e), s.GetRequiredService<RegistryAvailability>().AnswersAsync));
        services.AddSingleton<DeadLetterConsumer>();
        services.AddSingleton(new BusEndpoint(Endpoints.DeadLetters, (provider, endpoint) => endpoint.Instance(provider.GetRequiredService<DeadLetterConsumer>()), Concurrency: 8));
        services.AddHealthChecks().AddCheck<DeadLettersHealth>("dead-letters");
        return services;
    }
}
