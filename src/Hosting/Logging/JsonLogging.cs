using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Saga.Hosting.Logging;

/// <summary>How the API, the orchestrator and the workers write their logs.</summary>
public static class JsonLogging
{
    /// <summary>
    /// Writes each event as one JSON object to standard output. The section <c>Serilog</c> sets levels by source, such as
    /// <c>Serilog:MinimumLevel:Override:MassTransit</c>.
    /// </summary>
    public static IServiceCollection AddJsonLogging(this IServiceCollection services, IConfiguration configuration) =>
        services.AddSerilog(logger => Levels(logger, configuration).Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)));

    internal static LoggerConfiguration Levels(LoggerConfiguration logger, IConfiguration configuration) => logger
        .MinimumLevel.Is(LogLevels.Of(configuration, LogLevels.Console, LogEventLevel.Information))
        .QuietFrameworks()
        .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
        // Last, so that it takes precedence.
        .ReadFrom.Configuration(configuration);
}
