using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime.Circuits;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A tenant signs in directly with its own login and takes locks that stop all tenants of the row tier.</summary>
[IsolationSuite]
public sealed class When_a_row_tenants_login_locks_shared_tables(OwnServer server) : IClassFixture<OwnServer>
{
    private const string Lock = "lock table product.documents in access exclusive mode";
    private static readonly (string, string)[] Bounds = [("Saga:Databases:BlockingSeconds", "1"), ("Saga:Databases:LockSeconds", "2"), ("Saga:Connections:LockSeconds", "30")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_end_the_session_and_let_other_tenants_work()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        var (hostile, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await using var connection = await SignInAsync(world, hostile);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; " + Lock);

        await using var watching = await WatchAsync(world);

        // Waits for the lock.
        await using var session = await world.Connections.OpenAsync(other.Id, Cancellation);
        (await session.Connection.ExecuteScalarAsync<long>("select count(*) from documents")).ShouldBe(0);
        await Should.ThrowAsync<NpgsqlException>(() => connection.ExecuteAsync("select 1"));
    }

    [Fact]
    public async Task Should_end_the_session_that_waits_for_the_lock_and_not_the_one_it_waits_for()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        var (hostile, honest) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await using var report = await world.Connections.OpenAsync(honest.Id, Cancellation);
        await report.Connection.ExecuteScalarAsync<long>("select count(*) from documents");
        await using var connection = await SignInAsync(world, hostile);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var locking = connection.ExecuteAsync(Lock);
        await UntilWaitingAsync(world, 1);

        await using var watching = await WatchAsync(world);

        (await Should.ThrowAsync<PostgresException>(() => locking)).SqlState.ShouldBe(PostgresErrorCodes.AdminShutdown);
        (await report.Connection.ExecuteScalarAsync<long>("select count(*) from documents")).ShouldBe(0, "the honest tenant's transaction goes on");
    }

    [Fact]
    public async Task Should_end_an_open_transaction_that_makes_a_worker_wait()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await using var connection = await SignInAsync(world, tenant);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync("select count(*) from product.documents");

        await using var watching = await WatchAsync(world);
        await world.AdminQueryAsync<string>("saga_rows", "set lock_timeout = '30s'; alter table product.documents add column if not exists more int");

        await Should.ThrowAsync<NpgsqlException>(() => connection.ExecuteAsync("select 1"));
        await world.AdminQueryAsync<string>("saga_rows", "alter table product.documents drop column more");
    }

    [Fact]
    public async Task Should_leave_a_transaction_alone_that_nobody_waits_for()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await using var connection = await SignInAsync(world, tenant);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync($"set local app.tenant_id = '{tenant.Id}'; insert into product.documents (title) values ('mine')");

        await using var administrator = new NpgsqlConnection(world.Admin);
        (await BlockingSessions.EndAsync(administrator, TimeSpan.Zero, Cancellation)).ShouldBeEmpty();
        await transaction.CommitAsync(Cancellation);
    }

    [Theory]
    [InlineData("t_deadbeef")]
    [InlineData("t_0123456789abcdef0123456789abcdef0")]
    public async Task Should_leave_a_login_alone_whose_name_only_resembles_a_tenants(string login)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("postgres", $"create role {login} login superuser password 'team'");
        var rows = new NpgsqlConnectionStringBuilder(world.Admin) { Database = "saga_rows", Pooling = false };
        await using var waiting = new NpgsqlConnection(rows.ConnectionString);
        await using var team = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(rows.ConnectionString) { Username = login, Password = "team" }.ConnectionString);
        await team.OpenAsync(Cancellation);
        await using var transaction = await team.BeginTransactionAsync(Cancellation);
        await team.ExecuteAsync(Lock);
        var read = waiting.ExecuteScalarAsync<long>("select count(*) from product.documents");
        await UntilWaitingAsync(world, 1);

        await using var administrator = new NpgsqlConnection(world.Admin);
        (await BlockingSessions.EndAsync(administrator, TimeSpan.Zero, Cancellation)).ShouldBeEmpty();
        await transaction.CommitAsync(Cancellation);
        await read;
    }

    [Fact]
    public async Task Should_defer_a_step_and_leave_the_servers_circuit_closed()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: [Bounds[0], Bounds[1], ("Saga:Connections:LockSeconds", "2")]);
        var (hostile, tenant) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await using var connection = await SignInAsync(world, hostile);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync(Lock);

        // As the tenant, and as an administrator.
        foreach (var work in (Func<Task>[])[() => world.ExecuteAsync(tenant, StepNames.Database), () => world.CompensateAsync(tenant, StepNames.Database)])
        {
            var error = await Should.ThrowAsync<StepFailureException>(work);
            error.Failure.Code.ShouldBe("postgresql-locked");
            error.Failure.Kind.ShouldBe(FailureKind.Overload, "it costs no attempt");
            CircuitBreakers.Verdict("postgresql:main", error).ShouldBe(CallVerdict.Answered);
        }
    }

    [Fact]
    public async Task Should_not_keep_a_runtimes_session_waiting()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: [("Saga:Connections:LockSeconds", "1"), ("Saga:Connections:StatementSeconds", "2")]);
        var (hostile, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await using var connection = await SignInAsync(world, hostile);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync(Lock);

        await using (var session = await world.Connections.OpenAsync(other.Id, Cancellation))
        {
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("select count(*) from documents")))
                .SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);
        }

        await using (var session = await world.Connections.OpenAsync(other.Id, Cancellation))
        {
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("select pg_sleep(60)")))
                .SqlState.ShouldBe(PostgresErrorCodes.QueryCanceled);
        }
    }

    [Fact]
    public async Task Should_need_no_superuser_to_end_sessions()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: Bounds);
        var hostile = await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("postgres", "create role watching login password 'watching' in role pg_signal_backend; grant connect on database postgres to watching");
        await using var connection = await SignInAsync(world, hostile);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await connection.ExecuteAsync(Lock);

        await using var watching = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Username = "watching", Password = "watching", Pooling = false }.ConnectionString);
        (await BlockingSessions.EndAsync(watching, TimeSpan.FromSeconds(1), Cancellation)).ShouldHaveSingleItem().Login.ShouldBe($"t_{hostile.Id.Compact}");
    }

    private static async Task<NpgsqlConnection> SignInAsync(DatabaseWorld world, SeededTenant tenant)
    {
        var connection = new NpgsqlConnection(await world.Connections.ConnectionStringAsync(tenant.Id, Cancellation) + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private static Task UntilWaitingAsync(DatabaseWorld world, int sessions) => Until.TrueAsync(
        async () => (await world.AdminQueryAsync<long>("postgres", "select count(*) from pg_locks where not granted")).Single() == sessions, "the lock is awaited");

    private static async Task<IAsyncDisposable> WatchAsync(DatabaseWorld world)
    {
        var watch = world.Get<IEnumerable<IHostedService>>().OfType<BlockingWatch>().Single();
        await watch.StartAsync(Cancellation);
        return new Stopping(watch);
    }

    private sealed class Stopping(BlockingWatch watch) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await watch.StopAsync(CancellationToken.None);
    }
}
