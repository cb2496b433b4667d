using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
            .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFailedStart)
            .WriteTo.Console(Level(configuration, "Saga:Log:Console", LogEventLevel.Warning), folder is null ? Line + "{Exception}" : Line, standardErrorFromLevel: LogEventLevel.Verbose);
        if (folder is not null)
        {
            logger.WriteTo.File(
                Path.Combine(folder, "saga-.log"), Level(configuration, "Saga:Log:File", LogEventLevel.Information),
                "{Timestamp:O} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Exception}",
                rollingInterval: RollingInterval.Day, fileSizeLimitBytes: 20_000_000, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
        }

        return services.AddLogging(logging => logging.ClearProviders().AddSerilog(logger.CreateLogger(), dispose: true));
    }

    // Told by whoever called: in words where the user can mend it, as an unhandled error otherwise.
    private static bool IsFailedStart(LogEvent line) => line.MessageTemplate.Text == "Hosting failed to start";

    private static LogEventLevel Level(IConfiguration configuration, string key, LogEventLevel usual) => configuration[key] switch
    {
        null or "" => usual,
        var text when Enum.TryParse<LogEventLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level) => level,
        var text => throw new InvalidOperationException($"{key} is '{text}'. It must be one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}."),
    };
}
