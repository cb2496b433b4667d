using MassTransit;
using MassTransit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Saga.Messaging;

public static class BusRegistration
{
    /// <summary>The bus and every registered <see cref="BusEndpoint"/>. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddSagaBus(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(BusAddresses)))
            return services;
        services.AddOptions<BusOptions>().Bind(configuration.GetSection(BusOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<BusAddresses>();
        services.AddSingleton(s => new QueueSender(new Lazy<IBus>(s.GetRequiredService<IBus>), s.GetRequiredService<BusAddresses>()));
        // A bus that is stopped while it starts loses messages, so the host waits for it.
        services.Configure<MassTransitHostOptions>(o =>
        {
            o.WaitUntilStarted = true;
            o.StopTimeout = TimeSpan.FromSeconds(10);
            // Before the whole stop times out: then the connection would not be closed, and what was cut short not be delivered again.
            o.ConsumerStopTimeout = TimeSpan.FromSeconds(8);
        });
        var options = configuration.GetSection(BusOptions.Section).Get<BusOptions>() ?? new BusOptions();
        services.AddMassTransit(bus =>
        {
            // By default it tells its makers about the host and its endpoints, some minutes after the start.
            bus.DisableUsageTelemetry();
            if (options.Adapter == BusAdapter.InMemory)
                bus.UsingInMemory((context, factory) => Endpoints(context, factory, options, _ => { }));
            else
                bus.UsingRabbitMq((context, factory) =>
                {
                    // Read again here: validation has run by now, and names what is wrong.
                    var broker = new Uri(context.GetRequiredService<IOptions<BusOptions>>().Value.RabbitMq!);
                    factory.Host(broker, host => host.PublisherConfirmation = true);
                    Endpoints(context, factory, options, e => ((IRabbitMqReceiveEndpointConfigurator)e).SetQuorumQueue());
                });
        });
        return services;
    }

    private static void Endpoints<T>(
        IBusRegistrationContext context, IBusFactoryConfigurator<T> factory, BusOptions options, Action<IReceiveEndpointConfigurator> transport)
        where T : IReceiveEndpointConfigurator
    {
        // The body is the message and nothing else, as the outbox has it; what MassTransit adds goes into headers. Its envelope is read too.
        factory.UseRawJsonSerializer(RawSerializerOptions.AddTransportHeaders, isDefault: true);
        foreach (var endpoint in context.GetServices<BusEndpoint>())
        {
            factory.ReceiveEndpoint(endpoint.Queue, e =>
            {
                var concurrency = endpoint.Concurrency ?? options.Concurrency;
                e.ConcurrentMessageLimit = concurrency;
                e.PrefetchCount = concurrency * 2;
                e.PublishFaults = false;
                e.AddPrePipeSpecification(new FilterPipeSpecification<ConsumeContext>(new UnbatchFilter()));
                // Above, a batch counts as one; from here on, each of its messages.
                e.AddPrePipeSpecification(new ConcurrencyLimitPipeSpecification<ConsumeContext>(concurrency));
                transport(e);
                endpoint.Configure(context, e);
            });
        }
    }
}
