using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Hosting.Startup;
using Saga.Orchestrator;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

public sealed class When_a_setting_has_its_former_name : IAsyncDisposable
{
    private const string Former = "Saga:Orchestrator:Lanes";
    private const string Current = "Saga:Orchestrator:Committers";
    private readonly Lines logs = new();
    private ServiceProvider? services;

    [Fact]
    public void Should_be_read() => Committers((Former, "7")).ShouldBe(7);

    [Fact]
    public void Should_yield_to_the_new_name() => Committers((Former, "7"), (Current, "3")).ShouldBe(3);

    [Fact]
    public void Should_be_checked_like_the_new_name() =>
        Should.Throw<OptionsValidationException>(() => Committers((Former, "33"))).Message.ShouldContain($"{Current} must be from 1 to 32.");

    [Fact]
    public void Should_be_no_unknown_setting() =>
        KnownSettings.Wrong(new ConfigurationBuilder().AddInMemoryCollection([new(Former, "7")]).Build()).ShouldBeEmpty();

    [Fact]
    public async Task Should_be_warned_about()
    {
        Committers((Former, "7"));

        await services!.GetServices<IHostedService>().OfType<FormerSettings>().ShouldHaveSingleItem().StartAsync(TestContext.Current.CancellationToken);

        logs.Written.ShouldHaveSingleItem().ShouldContain($"{Former} is now called {Current}.");
    }

    [Fact]
    public async Task Should_say_nothing_about_the_new_name()
    {
        Committers((Current, "7"));

        await services!.GetServices<IHostedService>().OfType<FormerSettings>().ShouldHaveSingleItem().StartAsync(TestContext.Current.CancellationToken);

        logs.Written.ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
            await services.DisposeAsync();
    }

    private int Committers(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", "Host=nowhere"), new("Saga:Bus:Adapter", "inmemory"), .. settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)),
        ]).Build();
        services = new ServiceCollection().AddLogging(l => l.AddProvider(logs)).AddOrchestrator(configuration).BuildServiceProvider();
        return services.GetRequiredService<IOptions<OrchestratorOptions>>().Value.Committers;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public List<string> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
