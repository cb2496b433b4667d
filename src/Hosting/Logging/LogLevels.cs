using Microsoft.Extensions.Configuration;
using Serilog;
using Serilog.Events;

namespace Saga.Hosting.Logging;

/// <summary>The levels that all programs share.</summary>
internal static class LogLevels
{
    public const string Console = "Saga:Log:Console";
    public const string File = "Saga:Log:File";

    /// <summary>Silences the frameworks' request logs, because the programs log each request themselves.</summary>
    public static LoggerConfiguration QuietFrameworks(this LoggerConfiguration logger) => logger
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning);

    /// <exception cref="InvalidOperationException">The value is not a level.</exception>
    public static LogEventLevel Of(IConfiguration configuration, string key, LogEventLevel usual) => configuration[key] switch
    {
        null or "" => usual,
        var text when Enum.TryParse<LogEventLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level) => level,
        var text => throw new InvalidOperationException($"{key} is '{text}'. It must be one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}."),
    };
}
