using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>Uses its own server, because a missing isolation measure affects every tenant on it.</summary>
[IsolationSuite]
public sealed class When_a_wall_is_down(OwnServer server) : IClassFixture<OwnServer>
{
    [Theory]
    [InlineData("alter table product.saga_probe disable row level security", "reads rows of another tenant")]
    [InlineData("drop policy own_rows on product.saga_probe; create policy own_rows on product.saga_probe using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)", "reads rows of another tenant")]
    [InlineData("drop policy own_rows on product.saga_probe; create policy own_rows on product.saga_probe using (tenant_id = product.current_tenant()) with check (true)", "writes rows of another tenant")]
    [InlineData("create policy changed on product.saga_probe for update using (true)", "changes rows of another tenant")]
    [InlineData("drop policy own_deletes on product.saga_probe; create policy gone on product.saga_probe for delete using (true)", "deletes rows of another tenant")]
    [InlineData("alter table product.documents no force row level security", "table 'documents' lacks the platform's policies")]
    [InlineData("create policy also on product.users for update using (true)", "table 'users' lacks the platform's policies or has others")]
    [InlineData("grant truncate on product.documents to public", "rights on table 'documents'")]
    [InlineData("grant insert on product.schema_migrations to public", "rights on table 'schema_migrations'")]
    [InlineData("grant connect on database saga_rows to public", "may connect to database 'saga_rows'")]
    [InlineData("grant execute on function pg_advisory_lock(bigint) to public", "may call pg_advisory_lock")]
    [InlineData("grant execute on function lo_create(oid) to public", "may call lo_create")]
    [InlineData("grant select on saga.place to public", "may use table saga.place")]
    [InlineData("grant connect on database postgres to public", "may connect to database 'postgres'")]
    [InlineData("grant connect on database template1 to public", "may connect to database 'template1'")]
    [InlineData("create schema t_00000000000000000000000000000000; grant usage on schema t_00000000000000000000000000000000 to public", "may use schema")]
    public async Task Should_be_refused_by_verification_when_a_wall_is_down(string damage, string found)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        await world.ReadyAsync(IsolationTier.Row);
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        try
        {
            await world.AdminQueryAsync<string>($"tenant_{tenant.Id.Compact}", damage);

            var error = await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant));
            error.Failure.Code.ShouldBe("isolation-broken");
            error.Failure.Transient.ShouldBeFalse();
            error.Failure.Message.ShouldContain(found);
        }
        finally
        {
            await world.AdminQueryAsync<string>("postgres", "revoke connect on database saga_rows, postgres, template1 from public");
        }
    }

    [Fact]
    public async Task Should_be_refused_by_verification_when_rows_do_not_stay()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        await world.AdminQueryAsync<string>(
            $"tenant_{tenant.Id.Compact}",
            """
            create function product.swallow() returns trigger language plpgsql as 'begin return null; end';
            create trigger swallow before insert on product.saga_probe for each row execute function product.swallow();
            """);

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Code.ShouldBe("database-row-lost");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public async Task Should_ignore_open_databases_that_are_being_created_or_dropped(int limit)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("postgres", "create database saga_template_half");
        try
        {
            await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant));
            await world.AdminQueryAsync<string>("postgres", $"update pg_database set datconnlimit = {limit} where datname = 'saga_template_half'");

            await VerifyAsync(world, tenant);
        }
        finally
        {
            await world.AdminQueryAsync<string>("postgres", "drop database saga_template_half");
        }
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
}
