using Saga.Hosting.Logging;
using Saga.Tests.Support;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Hosting;

public sealed class When_a_line_repeats
{
    private readonly TestClock clock = new();
    private readonly Kept kept = new();

    [Fact]
    public void Should_be_written_once_until_it_has_not_come_for_a_while()
    {
        using var log = Logger();

        for (var seconds = 0; seconds < 120; seconds++, clock.Advance(TimeSpan.FromSeconds(1)))
        {
            log.Warning("Connection Failed: {Address}", "rabbitmq://127.0.0.1");
            if (seconds == 60)
                log.Warning("Connection Failed: {Address}", "rabbitmq://127.0.0.2");
        }

        clock.Advance(TimeSpan.FromSeconds(31));
        log.Warning("Connection Failed: {Address}", "rabbitmq://127.0.0.1");

        kept.Lines.ShouldBe(["Connection Failed: \"rabbitmq://127.0.0.1\"", "Connection Failed: \"rabbitmq://127.0.0.2\"", "Connection Failed: \"rabbitmq://127.0.0.1\""]);
    }

    [Fact]
    public void Should_always_be_written_when_it_says_that_something_changed()
    {
        using var log = Logger();

        for (var times = 0; times < 3; times++)
            log.ForContext(Constants.SourceContextPropertyName, "Saga.Host.Startup.ServerRestarter").Error("Redis has ended");

        kept.Lines.Count.ShouldBe(3);
    }

    private Logger Logger() => new LoggerConfiguration().Filter.With(new RepeatedLines(TimeSpan.FromSeconds(30), clock)).WriteTo.Sink(kept).CreateLogger();

    private sealed class Kept : ILogEventSink
    {
        public List<string> Lines { get; } = [];

        public void Emit(LogEvent logEvent) => Lines.Add(logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture));
    }
}
