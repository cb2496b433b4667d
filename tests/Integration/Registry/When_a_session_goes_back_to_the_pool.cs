using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Outbox;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>The registry's pool does not reset connections, so code that changes a session must undo its changes.</summary>
public sealed class When_a_session_goes_back_to_the_pool : IAsyncLifetime
{
    private const string Settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where source = 'session'";
    private ServiceProvider services = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private NpgsqlDataSource Registry => services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        await using var database = await PostgresServer.NewRegistryAsync();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Saga:Registry:ConnectionString"] = database.ConnectionString + ";Maximum Pool Size=1",
        }).Build();
        services = new ServiceCollection().AddLogging().AddRegistry(configuration).BuildServiceProvider();
    }

    public async ValueTask DisposeAsync() => await services.DisposeAsync();

    [Fact]
    public async Task Should_leave_no_settings_of_a_pinned_connection_that_failed()
    {
        await using var pinned = new PinnedConnection(Registry, waitsForDisk: false, lockMilliseconds: 50);
        var connection = await pinned.OpenAsync(Cancellation);
        var session = await connection.ExecuteScalarAsync<int>("select pg_backend_pid()");
        await using (await connection.BeginTransactionAsync(Cancellation))
        {
            await Should.ThrowAsync<PostgresException>(() => connection.ExecuteAsync("select 1 / 0"));
            await pinned.DisposeAsync();
        }

        await using var next = await Registry.OpenConnectionAsync(Cancellation);

        (await next.ExecuteScalarAsync<int>("select pg_backend_pid()")).ShouldBe(session);
        (await next.ExecuteScalarAsync<string?>(Settings) ?? "").ShouldNotContain("enable_seqscan");
        (await next.ExecuteScalarAsync<string?>(Settings) ?? "").ShouldNotContain("synchronous_commit");
        (await next.ExecuteScalarAsync<string?>(Settings) ?? "").ShouldNotContain("lock_timeout");
    }

    [Fact]
    public async Task Should_leave_nobody_listening()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var listening = new TaskCompletionSource();
        var listener = new SqlOutboxStore(Registry, new RegistryClock()).ListenAsync(() => listening.TrySetResult(), end.Token);
        await listening.Task.WaitAsync(Cancellation);

        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => listener);

        await using var next = await Registry.OpenConnectionAsync(Cancellation);
        (await next.ExecuteScalarAsync<long>("select count(*) from pg_listening_channels()")).ShouldBe(0);
    }
}
