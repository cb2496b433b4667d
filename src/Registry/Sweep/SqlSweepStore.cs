using Dapper;
using Npgsql;

namespace Saga.Registry.Sweep;

/// <summary>The SQL of sweepers.</summary>
public sealed class SqlSweepStore(NpgsqlDataSource registry, RegistryClock? clock = null) : ISweepStore
{
    private readonly RegistryClock clock = clock ?? new RegistryClock();

    public Task<IReadOnlyList<SweptOperation>> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken) => QueryAsync(
        """
        update operations set next_due_at = now() + @offset + @putOff
        where id in (
            select id from operations where next_due_at <= now() + @offset
            order by next_due_at limit @limit for no key update skip locked)
        returning id, traceparent
        """,
        new { limit, putOff, offset = clock.Offset }, cancellationToken);

    public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        QueryAsync("select id, traceparent from operations where state in ('accepted', 'running', 'compensating')", null, cancellationToken);

    private async Task<IReadOnlyList<SweptOperation>> QueryAsync(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid Id, string? TraceParent)>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
        return [.. rows.Select(row => new SweptOperation(row.Id, row.TraceParent))];
    }
}
