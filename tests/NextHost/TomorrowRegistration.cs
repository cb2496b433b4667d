using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Engine;
using Saga.Messaging;
using Saga.Registry.Transitions;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Workers.Runtime;

namespace Saga.Tests.NextHost;

/// <summary>The additions of the next version.</summary>
internal static class TomorrowRegistration
{
    /// <summary>Replaces the engine level and the states of operations and steps.</summary>
    public static void AddTomorrow(this IServiceCollection services, NpgsqlDataSource registry)
    {
        var level = new EngineLevel(EngineLevel.Current.Value + 1);
        services.AddSingleton(level);
        services.AddSingleton<ITransitionStore>(new TomorrowsTransitions(new SqlTransitionStore(registry, new RegistryClock(), level), registry));
    }

    /// <summary>Adds a consumer of the new message on the orchestrator's endpoint, and the steps that send it.</summary>
    public static void AddTomorrow(this IServiceCollection services, NpgsqlDataSource registry, IConfiguration configuration, IReadOnlyList<string> steps)
    {
        if (services.FirstOrDefault(s => s.ImplementationInstance is BusEndpoint { Queue: Endpoints.Operations }) is { } found)
        {
            services.Remove(found);
            services.AddSingleton(WithProgress((BusEndpoint)found.ImplementationInstance!, registry));
        }

        foreach (var step in steps)
            services.AddSingleton<IStep>(s => new ProgressingStep(step, s.GetRequiredService<QueueSender>()));
        if (steps.Count > 0)
            services.AddWorkerEndpoint(configuration, EngineHost.Worker);
    }

    private static BusEndpoint WithProgress(BusEndpoint today, NpgsqlDataSource registry) => today with
    {
        Configure = (provider, endpoint) =>
        {
            today.Configure(provider, endpoint);
            endpoint.Consumer(typeof(ProgressConsumer<>).MakeGenericType(ProgressingStep.Message), type => Activator.CreateInstance(type, registry)!);
        },
    };
}
