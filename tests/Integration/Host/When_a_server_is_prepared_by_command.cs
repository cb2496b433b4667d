using Dapper;
using Npgsql;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

[IsolationSuite]
public sealed class When_a_server_is_prepared_by_command(UnpreparedServer server) : IClassFixture<UnpreparedServer>
{
    [Fact]
    public async Task Should_create_the_login_that_the_workers_are_configured_with()
    {
        using var program = Start(new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!, "prepare-server");

        (await program.EndsAsync()).ShouldBe(0, program.Errors);
        program.Output.Trim().ShouldBe("Database server main is prepared; its workers sign in as saga_provisioner.");
        await using var workers = new NpgsqlConnection(TestProvisioner.On(server.ConnectionString));
        (await workers.ExecuteScalarAsync<bool>("select rolcreatedb and rolcreaterole and not rolsuper from pg_roles where rolname = current_user")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_print_the_statements_and_need_no_superuser()
    {
        using var program = Start("wrong", "prepare-server", "--print");

        (await program.EndsAsync()).ShouldBe(0, program.Errors);
        program.Output.ShouldContain("\\connect saga_blank");
        program.Output.ShouldContain("alter role \"saga_provisioner\"");
    }

    [Fact]
    public async Task Should_say_in_a_sentence_why_not()
    {
        using var program = Start("wrong", "prepare-server");

        (await program.EndsAsync()).ShouldBe(2);
        program.Errors.Trim().ShouldStartWith("saga: Database server main was not prepared: 28P01: password authentication failed");
        program.Errors.Trim().Split('\n').ShouldHaveSingleItem();
    }

    private ProgramProcess Start(string password, params string[] arguments) => new(
        "Saga.Host",
        [
            new("Saga:Databases:Servers:main:ConnectionString", TestProvisioner.On(server.ConnectionString)),
            new("Saga:Prepare:Username", new NpgsqlConnectionStringBuilder(server.ConnectionString).Username),
            new("Saga:Prepare:Password", password),
        ],
        arguments);
}
