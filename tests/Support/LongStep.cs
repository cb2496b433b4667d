using Dapper;
using Npgsql;
using Saga.Workers.Runtime;

namespace Saga.Tests.Support;

/// <summary>A step that runs until its lease has been renewed for some time.</summary>
public static class LongStep
{
    public static ScriptedStep Renewed(NpgsqlDataSource registry, string name, TimeSpan time) => new(name)
    {
        OnExecute = (context, cancellationToken) => Until.TrueAsync(
            async () =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                await using var connection = await registry.OpenConnectionAsync(cancellationToken);
                return await connection.ExecuteScalarAsync<bool>(
                    "select expires_at > taken_at + @time from operation_steps where operation_id = @OperationId and step = @Step",
                    new { time, context.Lease.OperationId, context.Lease.Step });
            },
            "its lease is renewed", time * 5),
    };
}
