using Microsoft.Extensions.Configuration;
using Saga.Hosting.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Hosting;

/// <summary>The log output of the API, the orchestrator and the workers, and its configuration.</summary>
public sealed class When_a_program_logs
{
    [Fact]
    public void Should_write_its_own_lines_and_the_frameworks_warnings() => Written().ShouldBe(
    [
        "Saga.Orchestrator Information", "Saga.Orchestrator Error", "Microsoft.Hosting.Lifetime Information", "Microsoft.Hosting.Lifetime Error",
        "Microsoft.AspNetCore.Routing Error", "System.Net.Http.HttpClient Error",
    ]);

    [Fact]
    public void Should_write_what_the_configured_level_lets_through() => Written(("Saga:Log:Console", "error")).ShouldBe(
    [
        "Saga.Orchestrator Error", "Microsoft.Hosting.Lifetime Information", "Microsoft.Hosting.Lifetime Error", "Microsoft.AspNetCore.Routing Error", "System.Net.Http.HttpClient Error",
    ]);

    [Fact]
    public void Should_let_an_installation_change_one_source() =>
        Written(("Serilog:MinimumLevel:Override:Microsoft.AspNetCore", "Information"), ("Serilog:MinimumLevel:Override:Saga.Orchestrator", "Fatal")).ShouldBe(
        [
            "Microsoft.Hosting.Lifetime Information", "Microsoft.Hosting.Lifetime Error", "Microsoft.AspNetCore.Routing Information", "Microsoft.AspNetCore.Routing Error",
            "System.Net.Http.HttpClient Error",
        ]);

    [Fact]
    public void Should_name_the_key_whose_value_is_no_level() =>
        Should.Throw<InvalidOperationException>(() => Written(("Saga:Log:Console", "loud"))).Message.ShouldContain("Saga:Log:Console is 'loud'");

    private static List<string> Written(params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();
        var kept = new Kept();
        using var logger = JsonLogging.Levels(new LoggerConfiguration(), configuration).WriteTo.Sink(kept).CreateLogger();
        foreach (var source in new[] { "Saga.Orchestrator", "Microsoft.Hosting.Lifetime", "Microsoft.AspNetCore.Routing", "System.Net.Http.HttpClient" })
        {
            foreach (var level in new[] { LogEventLevel.Debug, LogEventLevel.Information, LogEventLevel.Error })
                logger.ForContext(Constants.SourceContextPropertyName, source).Write(level, "A line of {Level}.", level);
        }

        return kept.Lines;
    }

    private sealed class Kept : ILogEventSink
    {
        public List<string> Lines { get; } = [];

        public void Emit(LogEvent logEvent) => Lines.Add($"{((ScalarValue)logEvent.Properties[Constants.SourceContextPropertyName]).Value} {logEvent.Level}");
    }
}
