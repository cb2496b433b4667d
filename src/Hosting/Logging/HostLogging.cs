using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;

namespace Saga.Hosting.Logging;

public static class HostLogging
{
    private const string Line = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}";

    /// <summary>Warnings to the terminal, everything of interest to files: the terminal shows what happens to the tenants. Stack traces go to the files where there are some.</summary>
    /// <param name="folder">Where the files go; null for none.</param>
    public static IServiceCollection AddHostLogging(this IServiceCollection services, IConfiguration configuration, string? folder)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Verbose()
            .QuietFrameworks()
            .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFailedStart)
            .WriteTo.Console(
                LogLevels.Of(configuration, LogLevels.Console, LogEventLevel.Warning), folder is null ? Line + "{Exception}" : Line, standardErrorFromLevel: LogEventLevel.Verbose);
        if (folder is not null)
        {
            logger.WriteTo.File(
                Path.Combine(folder, "saga-.log"), LogLevels.Of(configuration, LogLevels.File, LogEventLevel.Information),
                "{Timestamp:O} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Exception}",
                rollingInterval: RollingInterval.Day, fileSizeLimitBytes: 20_000_000, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
        }

        return services.AddSerilog(logger.CreateLogger(), dispose: true);
    }

    // Told by whoever called: in words where the user can mend it, as an unhandled error otherwise.
    private static bool IsFailedStart(LogEvent line) => line.MessageTemplate.Text == "Hosting failed to start";
}
