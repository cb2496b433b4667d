using System.Net;
using Npgsql;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_the_registry_is_down : IAsyncLifetime
{
    private NpgsqlDataSource direct = null!;
    private TcpProxy line = null!;
    private ApiServer server = null!;

    public async ValueTask InitializeAsync()
    {
        var database = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync("registry"));
        direct = NpgsqlDataSource.Create(database.ConnectionString);
        line = new(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", line.Port);
        server = await ApiServer.StartAsync(database.ConnectionString);
        await Seed.ProcessAsync(direct);
        await Seed.ServerAsync(direct, "main");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        line.Dispose();
        await direct.DisposeAsync();
    }

    [Theory]
    [InlineData("/api/v1/tenants")]
    [InlineData("/api/v1/tenants/acme")]
    [InlineData("/api/v1/operations")]
    [InlineData("/api/v1/operations/01900000-0000-7000-8000-000000000000")]
    [InlineData("/api/v1/operations/01900000-0000-7000-8000-000000000000/events")]
    [InlineData("/api/v1/plans")]
    public async Task Should_say_so_to_readers(string path)
    {
        line.Cut();

        using var response = await server.Viewer.GetAsync(new Uri(path, UriKind.Relative));

        await IsUnavailableAsync(response);
    }

    [Fact]
    public async Task Should_refuse_commands_and_take_them_again_afterwards()
    {
        line.Cut();
        using (var refused = await server.PostAsync(ApiServer.Body("acme"), "k1"))
            await IsUnavailableAsync(refused);
        (await CountAsync("tenants")).ShouldBe(0);

        line.Repair();
        using var accepted = await server.PostAsync(ApiServer.Body("acme"), "k1");

        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await CountAsync("operations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_leave_nothing_of_a_command_that_was_being_written()
    {
        Task<HttpResponseMessage> posting;
        await using (var blocker = await direct.OpenConnectionAsync())
        {
            await using var transaction = await blocker.BeginTransactionAsync();
            await ExecuteAsync(blocker, "lock table audit in exclusive mode");
            posting = server.PostAsync(ApiServer.Body("acme"), "k1");
            await UntilAsync("select count(*) = 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into audit%' and datname = current_database()");
            line.Cut();
        }

        using var refused = await posting;
        await IsUnavailableAsync(refused);
        await UntilAsync("select count(*) = 0 from pg_locks where locktype = 'relation' and relation = 'audit'::regclass");
        foreach (var table in new[] { "tenants", "operations", "operation_history", "audit", "outbox", "idempotency_keys", "workflows" })
            (await CountAsync(table)).ShouldBe(0, table);

        line.Repair();
        using var accepted = await server.PostAsync(ApiServer.Body("acme"), "k1");
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Should_be_alive_and_not_ready()
    {
        line.Cut();

        using var live = await server.Client(null).GetAsync(new Uri("/health/live", UriKind.Relative));
        using var ready = await server.Client(null).GetAsync(new Uri("/health/ready", UriKind.Relative));

        live.StatusCode.ShouldBe(HttpStatusCode.OK);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var checks = (await ApiServer.JsonAsync(ready)).GetProperty("checks");
        checks.GetProperty("registry").GetProperty("status").GetString().ShouldBe("unhealthy");
        checks.GetProperty("registry").GetProperty("detail").GetString().ShouldBe("The control-plane database does not answer.");
        // A busy machine's issuer may miss the time that a check has.
        await Until.TrueAsync(IssuerIsHealthyAsync, "the token issuer, which answers, is healthy");

        async Task<bool> IssuerIsHealthyAsync()
        {
            using var response = await server.Client(null).GetAsync(new Uri("/health/ready", UriKind.Relative));
            return (await ApiServer.JsonAsync(response)).GetProperty("checks").GetProperty("token-issuer").GetProperty("status").GetString() == "healthy";
        }
    }

    [Fact]
    public async Task Should_continue_with_streams_afterwards()
    {
        var operation = await server.AcceptedAsync("acme");
        await using var events = await EventReader.OpenAsync(server, operation);
        (await events.NextAsync()).Name.ShouldBe("accepted");

        line.Cut();
        await server.Logs.UntilAsync("1006 ");
        line.Repair();
        await using (var add = direct.CreateCommand($"insert into operation_history (operation_id, at, event) values ('{operation}', now(), 'started')"))
            await add.ExecuteNonQueryAsync();

        (await events.NextAsync()).Name.ShouldBe("started");
    }

    private static async Task IsUnavailableAsync(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        (await ApiServer.JsonAsync(response)).GetProperty("type").GetString().ShouldBe("urn:saga:problem:registry-unavailable");
    }

    private async Task<long> CountAsync(string table)
    {
        await using var command = direct.CreateCommand($"select count(*) from {table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task UntilAsync(string condition)
    {
        await using var command = direct.CreateCommand(condition);
        using var patience = new CancellationTokenSource(WaitLimit.Seconds(30));
        while (!(bool)(await command.ExecuteScalarAsync(patience.Token))!)
            await Task.Yield();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
