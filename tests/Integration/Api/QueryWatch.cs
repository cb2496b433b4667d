using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Api;

/// <summary>The queries that this process sends to one database.</summary>
public sealed class QueryWatch : IDisposable
{
    private readonly ConcurrentQueue<string> queries = new();
    private readonly ActivityListener listener;

    public QueryWatch(NpgsqlDataSource database)
    {
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.TagObjects.Any(t => t.Value is string text && text == name))
                    queries.Enqueue(string.Join(' ', activity.TagObjects.Select(t => t.Value)));
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public int Count(string text) => queries.Count(q => q.Contains(text, StringComparison.Ordinal));

    public async Task UntilAsync(string text, int count)
    {
        using var patience = new CancellationTokenSource(WaitLimit.Seconds(30));
        while (Count(text) < count)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public void Dispose() => listener.Dispose();
}
