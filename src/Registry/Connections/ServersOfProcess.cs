using Microsoft.Extensions.Logging;

namespace Saga.Registry.Connections;

/// <summary>The PostgreSQL servers that this process may connect to. Thread-safe.</summary>
internal sealed partial class ServersOfProcess(IEnumerable<IServerBudgets> budgets, ILogger<ServersOfProcess> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private volatile IReadOnlyList<ServerUse> uses = [];

    /// <summary>The servers as of the last call of <see cref="LookAsync"/>.</summary>
    public IReadOnlyList<ServerUse> Uses => uses;

    /// <summary>Reads the budgets and, on request, the identity of every server. A server that does not answer keeps its last known identity.</summary>
    /// <returns>Whether all servers answered that this process can ask.</returns>
    public async Task<bool> LookAsync(bool identify, CancellationToken cancellationToken)
    {
        var all = (await Task.WhenAll(budgets.Select(b => b.ListAsync(cancellationToken)))).SelectMany(b => b)
            .GroupBy(b => b.Server, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        var known = uses.ToDictionary(u => u.Server, u => u.Identity, StringComparer.Ordinal);
        var answered = true;
        uses = await Task.WhenAll(all.Select(async same =>
        {
            var identity = known.GetValueOrDefault(same.Key);
            if (identify && same.Select(b => b.Identify).FirstOrDefault(i => i is not null) is { } ask)
            {
                var answer = await AskAsync(same.Key, ask, cancellationToken);
                identity = answer ?? identity;
                if (answer is null)
                    answered = false;
            }

            return new ServerUse(same.Key, same.Max(b => b.Connections), identity);
        }));
        return answered;
    }

    private async Task<ServerIdentity?> AskAsync(string server, Func<CancellationToken, Task<ServerIdentity>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await ask(limit.Token);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotAsked(error, server);
            return null;
        }
    }

    [LoggerMessage(EventId = 1911, Level = LogLevel.Debug, Message = "Could not read the identity of the PostgreSQL server of {Server}; trying again later.")]
    private partial void LogNotAsked(Exception error, string server);
}
