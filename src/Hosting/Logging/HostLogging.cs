using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Saga.Hosting.Logging;

public static class HostLogging
{
    private const string Line = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}";

    /// <summary>Logs warnings to the terminal and more detail to files, because the terminal shows the tenants' progress. Stack traces go to the files, if there are any.</summary>
    /// <param name="folder">The folder for log files; null for no files.</param>
    /// <param name="console">Gets the terminal's level, which may change later.</param>
    public static IServiceCollection AddHostLogging(this IServiceCollection services, IConfiguration configuration, string? folder, LoggingLevelSwitch console)
    {
        console.MinimumLevel = LogLevels.Of(configuration, LogLevels.Console, LogEventLevel.Warning);
        var logger = new LoggerConfiguration()
            .MinimumLevel.Verbose()
            .QuietFrameworks()
            .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFailedStart)
            .WriteTo.Logger(terminal => terminal
                .Filter.ByIncludingOnly(IsForTerminal)
                .Filter.With(new RepeatedLines(TimeSpan.FromSeconds(30), TimeProvider.System))
                .WriteTo.Console(
                    outputTemplate: folder is null ? Line + "{Exception}" : Line, standardErrorFromLevel: LogEventLevel.Verbose, levelSwitch: console));
        if (folder is not null)
        {
            logger.WriteTo.File(
                Path.Combine(folder, "saga-.log"), LogLevels.Of(configuration, LogLevels.File, LogEventLevel.Information),
                "{Timestamp:O} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Exception}",
                rollingInterval: RollingInterval.Day, fileSizeLimitBytes: 20_000_000, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
        }

        return services.AddSerilog(logger.CreateLogger(), dispose: true);
    }

    // Every readiness probe would write its own line about the same outage.
    private static bool IsForTerminal(LogEvent line) =>
        !(line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
            && source is ScalarValue { Value: string name } && name.StartsWith("Microsoft.Extensions.Diagnostics.HealthChecks", StringComparison.Ordinal));

    // The caller reports this: as a message if the user can fix it, otherwise as an unhandled error.
    private static bool IsFailedStart(LogEvent line) => line.MessageTemplate.Text == "Hosting failed to start";
}
