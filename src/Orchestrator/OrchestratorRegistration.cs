using MassTransit;
using MassTransit.Saga;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Engine.Decisions;
using Saga.Hosting.Startup;
using Saga.Lifecycle;
using Saga.Messaging;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Backups;
using Saga.Orchestrator.Batches;
using Saga.Orchestrator.Commands;
using Saga.Orchestrator.DeadLetters;
using Saga.Orchestrator.Domains;
using Saga.Orchestrator.Drift;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Persistence;
using Saga.Orchestrator.Retention;
using Saga.Orchestrator.Schedule;
using Saga.Orchestrator.Scopes;
using Saga.Orchestrator.Sweep;
using Saga.Registry;
using Saga.Registry.Processes;

namespace Saga.Orchestrator;

public static class OrchestratorRegistration
{
    /// <summary>Adds the saga engine: its endpoint, its repository, the outbox relay and the sweeper. Any number of processes may run it.</summary>
    public static IServiceCollection AddOrchestrator(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddOptionsWithValidateOnStart<OrchestratorOptions>()
            .Configure(o => o.Committers = configuration.GetValue(OrchestratorOptions.FormerCommitters, o.Committers))
            .Bind(configuration.GetSection(OrchestratorOptions.Section)).ValidateDataAnnotations();
        services.AddHostedService(s => ActivatorUtilities.CreateInstance<FormerSettings>(s, configuration));
        services.TryAddSingleton<Random>(_ => Randomness());
        services.AddSingleton(s => new OperationEngine(s.GetRequiredService<Random>().NextDouble,
            new CompensationRules { Deadline = TimeSpan.FromHours(s.GetRequiredService<IOptions<OrchestratorOptions>>().Value.CompensationHours) },
            new DispatchRules { RedeliverAfter = TimeSpan.FromSeconds(s.GetRequiredService<IOptions<OrchestratorOptions>>().Value.RedeliverySeconds) }));
        services.AddSingleton(new ProcessPart { Orchestrates = true });
        services.AddSingleton<OperationStateMachine>();
        services.AddSingleton<SentMessages>();
        services.AddSingleton<IOutboxSender>(s => new OutboxSender(new Lazy<IBus>(s.GetRequiredService<IBus>), s.GetRequiredService<QueueSender>()));
        services.AddSingleton<OutboxPublisher>();
        services.AddSingleton<Committer>();
        services.AddSingleton<ISagaRepository<OperationSaga>>(s => new SagaRepository<OperationSaga>(
            ActivatorUtilities.CreateInstance<OperationRepositoryContextFactory>(s)));
        services.AddSingleton(OperationEndpoint.Definition);
        services.AddSingleton(OperationEndpoint.Orders);
        services.AddLifecycle(configuration).AddCommandConsumers();
        services.AddDeadLetters();
        services.AddSagaBus(configuration);
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<DueSweeper>();
        services.AddHostedService<DowntimeWatch>();
        services.AddHostedService<ScheduleRunner>();
        services.AddSingleton<BatchDriver>();
        services.AddHostedService<BatchRunner>();
        services.AddHostedService<DomainSweeper>();
        services.AddHostedService<BackupSweeper>();
        services.AddHostedService<DriftSweeper>();
        services.AddOptionsWithValidateOnStart<AdmissionOptions>().Bind(configuration.GetSection(AdmissionOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<AdmissionSignal>();
        services.AddHostedService<Admitter>();
        services.AddSingleton<ScopeSignal>();
        services.AddHostedService<ScopeGranter>();
        services.AddOptionsWithValidateOnStart<RetentionOptions>().Bind(configuration.GetSection(RetentionOptions.Section)).ValidateDataAnnotations();
        services.AddHostedService<RetentionSweeper>();
        services.AddSingleton<UnreadableOperations>();
        services.AddHostedService(s => s.GetRequiredService<UnreadableOperations>());
        services.AddHealthChecks().AddCheck<UnreadableOperationsHealth>("unreadable-operations");
        if (configuration.GetSection(BusOptions.Section).Get<BusOptions>()?.Adapter == BusAdapter.InMemory)
            services.AddHostedService<RedispatchAtStart>();
        return services;
    }

    // The only place that may use it; everything else gets its randomness injected.
#pragma warning disable RS0030
    private static Random Randomness() => Random.Shared;
#pragma warning restore RS0030
}
