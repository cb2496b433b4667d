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
            .WriteTo.Console(
                outputTemplate: folder is null ? Line + "{Exception}" : Line, standardErrorFromLevel: LogEventLevel.Verbose, levelSwitch: console);
        if (folder is not null)
        {
            logger.WriteTo.File(
                Path.Combine(folder, "saga-.log"), LogLevels.Of(configuration, LogLevels.File, LogEventLevel.Information),
                "{Timestamp:O} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Exception}",
                rollingInterval: RollingInterval.Day, fileSizeLimitBytes: 20_000_000, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
        }

        return services.AddSerilog(logger.CreateLogger(), dispose: true);
    }

    // The caller reports this: as a message if the user can fix it, otherwise as an unhandled error.
    private static bool IsFailedStart(LogEvent line) => line.MessageTemplate.Text == "Hosting failed to start";
}
