namespace Saga.Tests.Support;

/// <summary>
/// Actions to run after all tests, in reverse order of registration: stopping servers and deleting their folders. In a test
/// project with <see cref="StopsServers"/> they run before the runner ends, because it gives an ending process only seconds.
/// Elsewhere, and after a failure, they run when the process exits.
/// </summary>
public static class AtEnd
{
    private static readonly Stack<Func<Task>> Works = new();

    static AtEnd() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RunAsync().GetAwaiter().GetResult();

    public static void Do(Func<Task> work)
    {
        lock (Works)
            Works.Push(work);
    }

    public static void Do(Action work) => Do(() =>
    {
        work();
        return Task.CompletedTask;
    });

    /// <summary>Runs all actions, each once. A failure does not prevent the others.</summary>
    public static async Task RunAsync()
    {
        var errors = new List<Exception>();
        while (Next() is { } work)
        {
            try
            {
                await work();
            }
            catch (Exception error)
            {
                errors.Add(error);
            }
        }

        if (errors.Count > 0)
            throw new AggregateException("Not everything of the tests was stopped or deleted.", errors);
    }

    private static Func<Task>? Next()
    {
        lock (Works)
            return Works.TryPop(out var work) ? work : null;
    }
}

/// <summary>For a test project's assembly fixture.</summary>
public sealed class StopsServers : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await AtEnd.RunAsync();
}
