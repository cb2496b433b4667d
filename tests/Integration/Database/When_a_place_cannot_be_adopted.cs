using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>What an adoption refuses: the intake what the registry knows, and the inspection what is in the database. Neither writes anything there.</summary>
public sealed class When_a_place_cannot_be_adopted
{
    [Theory]
    [InlineData("insert into schema_migrations (version, name, checksum) values (4, '0004_other', 'x'), (5, '0005_more', 'y')", "schema-unknown", "version 4")]
    [InlineData("update schema_migrations set checksum = 'x' where version = 2", "schema-unknown", "version 2")]
    [InlineData("delete from schema_migrations where version = 2", "schema-unknown", "lacks version 2")]
    [InlineData("delete from schema_migrations", "not-a-product", "empty")]
    [InlineData("drop table schema_migrations", "not-a-product", "no table of migrations")]
    [InlineData("alter table schema_migrations drop column checksum", "not-a-product", "no table of migrations")]
    [InlineData("insert into tenants (tenant_id) values ('00000000-0000-7000-8000-00000000abcd')", "rows-of-another", "00000000-0000-7000-8000-00000000abcd")]
    [InlineData("create policy everything on users using (true)", "policies-permit", "everything on users")]
    [InlineData("set role {0}; create table wrong (tenant_id text)", "not-a-product", "wrong")]
    [InlineData("create table public.registry_migrations ()", "database-registry", "registry")]
    [InlineData("create schema saga", "saga-schema-unknown", "version 0")]
    [InlineData("grant execute on function pg_advisory_lock(bigint) to public", "functions-open", "advisory locks")]
    [InlineData("alter table users owner to current_user", "owner-out-of-reach", "whose rights the workers' login cannot get")]
    public async Task Should_refuse_before_anything_is_written(string change, string code, string word)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world, further: change + ";");
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await world.ExecuteAsync(tenant, StepNames.ReserveAdopted);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectPlace))).Failure;

        (failure.Code, failure.Remedy!.EndsWith("then send the command again.", StringComparison.OrdinalIgnoreCase)).ShouldBe((code, true));
        failure.Message.ShouldContain(word);
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        await AdoptionWorld.UndoAsync(world, tenant);
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_refuse_more_users_than_the_tenant_may_have(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world, further: "insert into users (tenant_id, email, display_name) select tenant_id, 'b@acme.com', 'B' from tenants;");
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));
        await world.ExecuteAsync(tenant, StepNames.ReserveAdopted);
        await world.RegistryAsync<int>("update tenants set max_users = 1; select 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectPlace))).Failure;

        (failure.Code, failure.Message, failure.Remedy).ShouldBe((
            "plan-too-small", $"Database '{old.Name}' on server 'main' has 2 users, and the tenant may have 1.", "Choose a larger plan or another maxUsers, then send the command again."));
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        await world.RegistryAsync<int>("update tenants set max_users = 2; select 1");
        await world.ExecuteAsync(tenant, StepNames.InspectPlace);
    }

    [Theory]
    [InlineData("no_such_database", "shop", "database-missing")]
    [InlineData(null, "no_such_schema", "schema-missing")]
    public async Task Should_refuse_what_does_not_exist(string? database, string schema, string code)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old with { Name = database ?? old.Name, Schema = schema }));
        await world.ExecuteAsync(tenant, StepNames.ReserveAdopted);

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectPlace))).Failure.Code.ShouldBe(code);
    }

    [Fact]
    public async Task Should_refuse_a_database_with_other_tables_but_not_its_schema()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world, further: "create table public.invoices (id int);");
        var whole = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, IsolationTier.Database));
        await world.ExecuteAsync(whole, StepNames.ReserveAdopted);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(whole, StepNames.InspectPlace))).Failure;
        await AdoptionWorld.UndoAsync(world, whole);
        var schema = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, IsolationTier.Schema));
        await AdoptionWorld.RunAsync(world, schema, StepNames.ReserveAdopted, StepNames.InspectPlace);

        failure.Code.ShouldBe("database-shared");
        failure.Message.ShouldContain("other schemas (public), which would be dropped");
    }

    [Fact]
    public async Task Should_refuse_a_template_and_a_version_that_nobody_knows()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.OfAnotherAsync();
        await world.AdminQueryAsync<string>(old.Name, "insert into product.schema_migrations (version, name, checksum) values (5, '0005_later', 'x')");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, IsolationTier.Database));
        await world.ExecuteAsync(tenant, StepNames.ReserveAdopted);

        var newer = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectPlace))).Failure;
        await world.AdminQueryAsync<string>("postgres", $"alter database {old.Name} is_template true");
        var template = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectPlace))).Failure;

        (newer.Code, template.Code).ShouldBe(("schema-newer", "database-closed"));
        newer.Message.ShouldContain("version 5 of the product's schema (0005_later), and the newest that the workers know is 4");
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_refuse_the_place_of_a_tenant(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var owner = await world.TenantAsync(tier);
        await world.ExecuteAsync(owner, StepNames.Reserve);
        var place = (await owner.ReadAsync()).Placement!;
        await world.RegistryAsync<int>("with moved as (update placements set database = 'a_' || database returning 1) select count(*)::int from moved");

        var refused = (await AdoptionWorld.SubmitAsync(world, AdoptionWorld.Command(new($"a_{place.Database}", place.Schema, Guid.CreateVersion7()), IsolationTier.Database, slug: "second"))).ShouldBeOfType<CommandRejected>().Rejection;

        (refused.Code, refused.Errors.Single().Pointer).ShouldBe((RejectionCodes.PlaceInUse, "/database"));
        refused.Detail.ShouldContain("tenant-1");
        (await world.RegistryAsync<long>("select count(*) from tenants")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_a_second_adoption_while_one_runs_and_after_it_has_ended()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var first = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));

        var meanwhile = await RefusedAsync(world, AdoptionWorld.Command(old, slug: "second") with { TenantId = null });
        await AdoptionWorld.RunAsync(world, first, StepNames.ReserveAdopted);
        await world.RegistryAsync<int>("with ended as (update operations set state = 'completed', finished_at = now() returning 1), freed as (delete from operation_scopes) select count(*)::int from ended");
        var afterwards = await RefusedAsync(world, AdoptionWorld.Command(old, slug: "second") with { TenantId = null });
        var sameId = await RefusedAsync(world, AdoptionWorld.Command(old with { Name = "elsewhere" }, slug: "second"));

        (meanwhile.Code, meanwhile.OperationId).ShouldBe((RejectionCodes.OperationActive, first.OperationId));
        (afterwards.Code, afterwards.Errors.Single().Pointer).ShouldBe((RejectionCodes.PlaceInUse, "/schema"));
        (sameId.Code, sameId.Errors.Single().Pointer).ShouldBe((RejectionCodes.TenantState, "/tenantId"));
    }

    [Theory]
    [InlineData("accepting = false", RejectionCodes.NoServer)]
    [InlineData("max_tenants = placed", RejectionCodes.ServerFull)]
    public async Task Should_refuse_a_server_that_takes_no_more(string change, string code)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await Seed.ServerAsync(world.Registry, "other");
        await world.RegistryAsync<int>($"with changed as (update database_servers set {change} where name = 'main' returning 1) select count(*)::int from changed");

        var refused = await RefusedAsync(world, AdoptionWorld.Command(new("some", "shop", Guid.CreateVersion7())));

        (refused.Code, refused.Errors.Single().Pointer).ShouldBe((code, "/server"));
    }

    [Fact]
    public async Task Should_let_only_programs_that_accept_commands_begin_a_failed_tenant_anew()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var connection = await registry.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            "create role nobody_here; set session authorization nobody_here; select admit_adoption(gen_random_uuid(), 's', 'p', 1, 's', 'schema', 'main', 'd', 's', now())", connection);

        var refused = await Should.ThrowAsync<PostgresException>(() => command.ExecuteScalarAsync());

        refused.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        refused.MessageText.ShouldContain("programs that accept commands");
    }

    private static async Task<OperationRejected> RefusedAsync(DatabaseWorld world, AdoptTenant command) =>
        (await AdoptionWorld.SubmitAsync(world, command)).ShouldBeOfType<CommandRejected>().Rejection;
}
