using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Api;

/// <summary>Everything that was logged, including the framework's debug messages.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyList<string> All => [.. lines];

    /// <summary>Waits for a line with this prefix, which is at least the event's id and a space.</summary>
    public async Task UntilAsync(string beginning)
    {
        using var patience = new CancellationTokenSource(WaitLimit.Seconds(30));
        while (!lines.Any(l => l.StartsWith(beginning, StringComparison.Ordinal)))
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        if (state is IEnumerable<KeyValuePair<string, object>> values)
            lines.Enqueue(string.Join(' ', values));
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{eventId.Id} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
