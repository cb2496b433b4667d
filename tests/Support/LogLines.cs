using Microsoft.Extensions.Logging;

namespace Saga.Tests.Support;

/// <summary>A logger that keeps its lines, without their exceptions. Thread-safe.</summary>
public sealed class LogLines<T> : ILogger<T>
{
    private readonly List<(LogLevel Level, string Text)> lines = [];

    public IReadOnlyList<string> All => From(LogLevel.Trace);

    /// <summary>Warnings and errors.</summary>
    public IReadOnlyList<string> Loud => From(LogLevel.Warning);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines)
            lines.Add((logLevel, formatter(state, exception)));
    }

    private IReadOnlyList<string> From(LogLevel level)
    {
        lock (lines)
            return [.. lines.Where(l => l.Level >= level).Select(l => l.Text)];
    }
}
