using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_login_claims_a_tenant
{
    [Theory]
    [InlineData("t_{0}_b")]
    [InlineData("x_{0}")]
    public async Task Should_have_no_tenant_whatever_its_name_looks_like(string form)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (tenant, victim) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await world.AddUserAsync(victim);
        await using var login = await OwnLogin.CreateAsync(world, string.Format(form, tenant.Id.Compact), "saga_rows_users");

        foreach (var claim in (TenantId[])[tenant.Id, victim.Id])
        {
            await login.Connection.ExecuteAsync("select set_config('app.tenant_id', @claim, false)", new { claim = claim.ToString() });
            (await login.Connection.ExecuteScalarAsync<long>("select count(*) from product.users")).ShouldBe(0);
            (await login.Connection.ExecuteScalarAsync<Guid?>("select product.current_tenant()")).ShouldBeNull();
            (await login.Connection.ExecuteAsync("update product.users set display_name = 'x'")).ShouldBe(0);
            (await login.Connection.ExecuteAsync("delete from product.users")).ShouldBe(0);
            var error = await Should.ThrowAsync<PostgresException>(() => login.Connection.ExecuteAsync(
                "insert into product.users (tenant_id, email, display_name) values (@Value, 'b@acme.com', 'B')", new { claim.Value }));
            error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
            (await Should.ThrowAsync<PostgresException>(() => login.Connection.ExecuteAsync("select saga.enter(@Value, null)", new { claim.Value })))
                .SqlState.ShouldBe("SG001");
        }
    }

    [Fact]
    public async Task Should_work_for_the_tenant_that_it_names_as_a_member_of_the_runtimes_role()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (one, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await world.AddUserAsync(one);
        await using var login = await OwnLogin.CreateAsync(world, $"runtime_{one.Id.Compact}", "saga_rows_runtime");

        (await CountAsync(login.Connection, one.Id)).ShouldBe(1);
        (await CountAsync(login.Connection, other.Id)).ShouldBe(0);
        (await login.Connection.ExecuteScalarAsync<long>("select count(*) from product.users")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_see_only_its_own_place()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (one, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));

        await using var session = await world.Connections.OpenAsync(one.Id, default);
        (await session.Connection.QueryAsync<Guid>("select tenant_id from saga.here")).ShouldBe([one.Id.Value]);
        await session.Connection.ExecuteAsync("select set_config('app.tenant_id', @other, true)", new { other = other.Id.ToString() });
        (await session.Connection.QueryAsync<Guid>("select tenant_id from saga.here")).ShouldBeEmpty();
        (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("select 1 from saga.logins")))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, TenantId tenant)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select saga.enter(@Value, null)", new { tenant.Value }, transaction);
        return await connection.ExecuteScalarAsync<long>("select count(*) from product.users", transaction: transaction);
    }

    /// <summary>A login that the product did not create, connected to the row tier's database.</summary>
    private sealed class OwnLogin(DatabaseWorld world, string name, NpgsqlConnection connection) : IAsyncDisposable
    {
        public NpgsqlConnection Connection => connection;

        public static async Task<OwnLogin> CreateAsync(DatabaseWorld world, string name, string role)
        {
            await world.AdminQueryAsync<string>("postgres", $"create role {name} login password 'own' in role {role}");
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin)
            {
                Database = "saga_rows", Username = name, Password = "own", Pooling = false,
            }.ConnectionString);
            await connection.OpenAsync();
            return new OwnLogin(world, name, connection);
        }

        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            await world.AdminQueryAsync<string>("postgres", $"drop role {name}");
        }
    }
}
