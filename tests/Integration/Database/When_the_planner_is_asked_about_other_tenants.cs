using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A tenant of the row tier asks EXPLAIN about values, all of which belong to another tenant.</summary>
[IsolationSuite]
public sealed class When_the_planner_is_asked_about_other_tenants(OwnServer server) : IClassFixture<OwnServer>
{
    // Makes the planner collect everything again, like an installation of a former version.
    private const string Collect =
        """
        alter table product.documents alter column title set statistics -1;
        alter table product.users alter column email set statistics -1;
        create index if not exists users_by_address on product.users (tenant_id, lower(email));
        alter index product.users_by_address alter column 2 set statistics -1;
        create statistics product.addresses on tenant_id, email from product.users;
        analyze product.documents, product.users;
        """;

    private static readonly string[] Questions =
    [
        "select * from documents where title = '{0}'", "select * from documents where title < '{0}'", "select * from documents where title between '{0}' and '{0}x'",
        "select * from users where email = '{0}'", "select * from users where email > '{0}'", "select * from users where lower(email) = '{0}'",
        "select * from users join documents using (tenant_id) where title = '{0}' order by email",
    ];

    [Fact]
    public async Task Should_estimate_the_same_whatever_others_have()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var (curious, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await FillAsync(world, other, "common");
        await world.AdminQueryAsync<string>("saga_rows", "analyze product.documents, product.users");

        (await DifferencesAsync(world, curious)).ShouldBeEmpty();
        (await world.AdminQueryAsync<string>("saga_rows", "select distinct attname::text from pg_stats where schemaname = 'product' and tablename <> 'schema_migrations'"))
            .ShouldBe(["tenant_id"]);
    }

    [Fact]
    public async Task Should_find_and_remove_what_was_collected_before()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var (curious, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await FillAsync(world, other, "frequent");
        await world.AdminQueryAsync<string>("saga_rows", Collect);

        (await DifferencesAsync(world, curious)).ShouldNotBeEmpty("the test asks what leaks");
        var found = await Should.ThrowAsync<StepFailureException>(async () => await world.Get<DatabaseVerification>().VerifyAsync(await curious.BeginAsync(StepNames.Verify), default));
        found.Failure.Code.ShouldBe("isolation-broken");
        found.Failure.Message.ShouldContain("EXPLAIN");

        await world.Get<ServerWalls>().CheckAsync("main", default);

        (await DifferencesAsync(world, curious)).ShouldBeEmpty();
        await world.AdminQueryAsync<string>("saga_rows", "analyze product.documents, product.users");
        (await DifferencesAsync(world, curious)).ShouldBeEmpty("ANALYZE collects nothing any more");
        await world.Get<DatabaseVerification>().VerifyAsync(await curious.BeginAsync(StepNames.Verify), default);
    }

    [Fact]
    public async Task Should_remove_it_before_another_tenant_comes()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("saga_rows", "alter table product.documents alter column body set statistics 100");

        await world.ReadyAsync(IsolationTier.Row);

        (await world.AdminQueryAsync<int>("saga_rows", "select coalesce(attstattarget, -1) from pg_attribute where attrelid = 'product.documents'::regclass and attname = 'body'")).ShouldBe([0]);
    }

    [Fact]
    public async Task Should_find_an_index_that_is_searched_before_the_tenant_is_known()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("saga_rows", "create index by_title on product.documents (title)");
        try
        {
            var found = await Should.ThrowAsync<StepFailureException>(async () => await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default));
            found.Failure.Message.ShouldContain("by_title");
        }
        finally
        {
            await world.AdminQueryAsync<string>("saga_rows", "drop index product.by_title");
        }
    }

    /// <returns>Questions whose plans or estimates differ between a value that another tenant often has and one that nobody has.</returns>
    private static async Task<IReadOnlyList<string>> DifferencesAsync(DatabaseWorld world, SeededTenant tenant)
    {
        // A new session, so that nothing is cached.
        await using var connection = new NpgsqlConnection(await world.Connections.ConnectionStringAsync(tenant.Id, default) + ";Pooling=false");
        await connection.OpenAsync();
        await connection.ExecuteAsync($"set search_path = product; set app.tenant_id = '{tenant.Id}'");
        var differences = new List<string>();
        foreach (var question in Questions)
        {
            var plans = new List<string>();
            foreach (var value in (string[])["common", "frequent", "aaaaaa", "zzzzzz"])
                plans.Add(await PlanAsync(connection, question, value));
            if (plans.Distinct(StringComparer.Ordinal).Count() > 1)
                differences.Add(question);
        }

        return differences;
    }

    private static async Task<string> PlanAsync(NpgsqlConnection connection, string question, string value)
    {
        var plan = (await connection.ExecuteScalarAsync<string>("explain (format json) " + question.Replace("{0}", value, StringComparison.Ordinal)))!;
        return JsonSerializer.Serialize(JsonDocument.Parse(plan)).Replace(value, "?", StringComparison.Ordinal);
    }

    private static async Task FillAsync(DatabaseWorld world, SeededTenant tenant, string value)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync(
            """
            insert into users (email, display_name) select case when i % 2 = 0 then @value || i else 'other' || i end, 'A' from generate_series(1, 2000) i;
            insert into documents (title) select case when i % 2 = 0 then @value else 'other' || i end from generate_series(1, 2000) i;
            """,
            new { value });
        await session.CommitAsync(default);
    }
}
