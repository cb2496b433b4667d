using MassTransit;
using MassTransit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Saga.Messaging.Batching;
using Saga.Messaging.DeadLetters;
using Saga.Messaging.Pausing;
using Saga.Messaging.Queues;
using Saga.Shared.Startup;

namespace Saga.Messaging;

public static class BusRegistration
{
    /// <summary>The bus and every registered <see cref="BusEndpoint"/>. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddSagaBus(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(BusAddresses)))
            return services;
        services.AddOptionsWithValidateOnStart<BusOptions>().Bind(configuration.GetSection(BusOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BusAddresses>();
        services.AddSingleton(s => new QueueSender(new Lazy<IBus>(s.GetRequiredService<IBus>), s.GetRequiredService<BusAddresses>(), s.GetRequiredService<BrokerFlow>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<BrokerFlow>();
        services.AddSingleton<DeadLetterSender>();
        services.AddSingleton<EndpointPauses>();
        services.AddSingleton<Gate>();
        // Stopping a bus while it starts loses messages, so the host waits for the start.
        services.Configure<MassTransitHostOptions>(o =>
        {
            o.WaitUntilStarted = true;
            o.StopTimeout = TimeSpan.FromSeconds(10);
            // Must end before the overall stop timeout. Otherwise the connection is not closed and cancelled messages are not delivered again.
            // No consumer takes longer than a transaction, because workers acknowledge a step before they work on it.
            o.ConsumerStopTimeout = TimeSpan.FromSeconds(4);
        });
        var options = configuration.GetSection(BusOptions.Section).Get<BusOptions>() ?? new BusOptions();
        services.AddSingleton<BusStartWatch>();
        services.AddHostedService(s => s.GetRequiredService<BusStartWatch>());
        services.AddMassTransit(bus =>
        {
            // By default MassTransit reports usage data about the host and its endpoints some minutes after the start.
            bus.DisableUsageTelemetry();
            if (options.Adapter == BusAdapter.InMemory)
                bus.UsingInMemory((context, factory) => Endpoints(context, factory, options, endpoint => endpoint.Queue, (_, _) => { }));
            else
                bus.UsingRabbitMq((context, factory) =>
                {
                    // Read again here, because validation has run by now and has reported any error.
                    var broker = new Uri(context.GetRequiredService<IOptions<BusOptions>>().Value.RabbitMq!);
                    factory.Host(broker, host => host.PublisherConfirmation = true);
                    Endpoints(context, factory, options, endpoint => Contracts.Endpoints.QueueOf(endpoint.Queue), (endpoint, e) =>
                    {
                        QueueArguments.Set((IRabbitMqReceiveEndpointConfigurator)e, endpoint.Queue);
                        e.ConnectReceiveEndpointObserver(context.GetRequiredService<EndpointPauses>());
                    });
                });
        });
        services.AddHostedService<BusStartWatch.End>();
        services.PostConfigure<HealthCheckServiceOptions>(BusHealth.Judge);
        if (options.Adapter == BusAdapter.RabbitMq)
        {
            services.AddHealthChecks().AddCheck<BrokerFlowHealth>("broker-flow");
            services.AddOptionsWithValidateOnStart<StartupOptions>().Bind(configuration.GetSection(StartupOptions.Section)).ValidateDataAnnotations();
            services.AddHostedService<WaitForBroker>();
            services.AddHostedService<FormerQueues>();
        }

        return services;
    }

    private static void Endpoints<T>(
        IBusRegistrationContext context, IBusFactoryConfigurator<T> factory, BusOptions options, Func<BusEndpoint, string> queue, Action<BusEndpoint, IReceiveEndpointConfigurator> transport)
        where T : IReceiveEndpointConfigurator
    {
        // The body is just the message, as in the outbox. MassTransit's metadata goes into headers. Its envelope is still read.
        factory.UseRawJsonSerializer(RawSerializerOptions.AddTransportHeaders, isDefault: true);
        foreach (var endpoint in context.GetServices<BusEndpoint>())
        {
            factory.ReceiveEndpoint(queue(endpoint), e =>
            {
                var concurrency = endpoint.Concurrency ?? options.Concurrency;
                var deliveries = endpoint.Ahead is { } ahead ? Math.Max(1, ahead / BatchingSender.MaxWorkerBatch) : concurrency * 2;
                e.ConcurrentMessageLimit = endpoint.Ahead is null ? concurrency : deliveries;
                e.PrefetchCount = deliveries;
                e.PublishFaults = false;
                Filters(context, endpoint, e, concurrency);
                transport(endpoint, e);
                endpoint.Configure(context, e);
            });
        }
    }

    // From outermost to innermost.
    private static void Filters(IServiceProvider provider, BusEndpoint endpoint, IReceiveEndpointConfigurator e, int concurrency)
    {
        var letters = provider.GetRequiredService<DeadLetterSender>();
        var time = provider.GetRequiredService<TimeProvider>();
        // Messages that fail here have nowhere else to go.
        var last = endpoint.Queue == Contracts.Endpoints.DeadLetters;
        if (last)
            Add(new InsistFilter(time));
        if (last)
            Add(new FromBrokerFilter());
        Add(new UnbatchFilter(endpoint.Queue, letters));
        // The filters above see a batch as one message; from here on each of its messages is handled separately.
        e.AddPrePipeSpecification(new ConcurrencyLimitPipeSpecification<ConsumeContext>(concurrency));
        if (!last)
            Add(new ParkFilter(endpoint.Queue, endpoint.Untyped, letters));
        if (provider.GetService<Prerequisite>() is { } prerequisite)
            Add(new GateFilter(provider.GetRequiredService<Gate>(), prerequisite, time));
        var received = new ParkReceivedFilter(endpoint.Queue, endpoint.Untyped, letters);
        e.ConfigureError(x => x.UseFilter(received));
        e.ConfigureDeadLetter(x => x.UseFilter(received));

        void Add(IFilter<ConsumeContext> filter) => e.AddPrePipeSpecification(new FilterPipeSpecification<ConsumeContext>(filter));
    }
}
