using Npgsql;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry.Transitions;
using Saga.Registry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>
/// Renewals, releases and commits write the same rows of <c>operation_steps</c> at the same time, each listing them in a different
/// order. A deadlock would abort one of them.
/// </summary>
public sealed class When_step_rows_are_locked_in_any_order
{
    private const int Operations = 12;
    private const int Steps = 8;
    private const int Rounds = 150;

    [Fact]
    public async Task Should_see_no_deadlock()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operations = new List<Guid>();
        for (var i = 0; i < Operations; i++)
            operations.Add((await Seed.TenantAsync(registry, $"t{i}")).OperationId);
        var holder = Guid.NewGuid();
        var leases = operations.SelectMany(operation => Enumerable.Range(0, Steps).Select(step => new StepLease(operation, $"step-{step}", 1, holder))).ToList();
        foreach (var lease in leases)
        {
            await registry.ExecuteAsync(
                "insert into operation_steps (operation_id, step, fence, holder, held_fence, expires_at, status) values (@OperationId, @Step, 1, @Holder, 1, now() + interval '1 hour', 'running')",
                lease);
        }

        await Task.WhenAll(
            RenewAsync(registry, leases),
            RenewAsync(registry, [.. leases.AsEnumerable().Reverse()]),
            ReleaseAsync(registry, leases, new Random(1)),
            CommitAsync(registry, operations, ascending: true),
            CommitAsync(registry, operations, ascending: false));

        (await registry.ScalarAsync<long>("select deadlocks from pg_stat_database where datname = current_database()")).ShouldBe(0);
    }

    private static async Task RenewAsync(NpgsqlDataSource registry, IReadOnlyList<StepLease> leases)
    {
        await using var session = new SqlLeaseStore(registry, new RegistryClock()).OpenSession(waitsForDisk: false);
        for (var round = 0; round < Rounds; round++)
            await session.RenewAsync(leases, new HashSet<StepLease>(), TimeSpan.FromSeconds(15), round % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5), default);
    }

    private static async Task ReleaseAsync(NpgsqlDataSource registry, IReadOnlyList<StepLease> leases, Random random)
    {
        await using var session = new SqlLeaseStore(registry, new RegistryClock()).OpenSession(waitsForDisk: false);
        for (var round = 0; round < Rounds; round++)
        {
            var shuffled = leases.ToArray();
            random.Shuffle(shuffled);
            await session.ReleaseAsync(shuffled, leases.ToHashSet(), default);
            // Take the leases again, as far as the rows are free, so that there is something to renew.
            await session.TakeAsync([.. leases.Select(l => new LeaseRequest(l, TimeSpan.FromHours(1), DateTimeOffset.MaxValue))], [], TimeSpan.FromHours(1), default);
        }
    }

    // Two halves of the operations, so that two commits run at once.
    private static async Task CommitAsync(NpgsqlDataSource registry, List<Guid> operations, bool ascending)
    {
        await using var session = new SqlTransitionStore(registry, new RegistryClock()).OpenSession();
        var mine = operations.Where((_, index) => index % 2 == (ascending ? 0 : 1)).Order().ToList();
        if (!ascending)
            mine.Reverse();
        var steps = Enumerable.Range(0, Steps).Select(step => $"step-{step}").ToList();
        if (!ascending)
            steps.Reverse();
        for (var round = 0; round < Rounds; round++)
        {
            await using var batch = await session.BeginAsync([.. mine.Select(o => new OperationMessage(o, Guid.NewGuid()))], default);
            await batch.CommitAsync(
                [
                    .. mine.Select(operation => new OperationChange
                    {
                        OperationId = operation,
                        MessageId = Guid.NewGuid(),
                        Steps = [.. steps.Select(step => new StepChange(new StepRun { Name = step, Status = StepStatus.Running, Fence = 1 }, null))],
                    }),
                ],
                [], TimeSpan.FromSeconds(10), default);
        }
    }
}
