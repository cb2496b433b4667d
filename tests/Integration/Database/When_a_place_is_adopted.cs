using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using Saga.Workers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>Databases and schemas that exist become places of tenants, and what was there before when the adoption is undone.</summary>
[IsolationSuite]
public sealed class When_a_place_is_adopted
{
    public static TheoryData<string, IsolationTier> Kinds => new() { { "made", IsolationTier.Schema }, { "made", IsolationTier.Database }, { "another", IsolationTier.Database } };

    private const string OtherSchema =
        """
        create schema other authorization {0};
        set role {0};
        create table other.schema_migrations (like shop.schema_migrations including all);
        insert into other.schema_migrations select * from shop.schema_migrations where version = 1;
        create table other.users (tenant_id uuid not null, id int, primary key (tenant_id, id));
        reset role;
        """;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Should_serve_the_rows_that_it_found(string kind, IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(further: (services, configuration) => services.AddResource<VerificationModule>(configuration));
        var old = await FindAsync(world, kind);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));

        await AdoptionWorld.RunAsync(
            world, tenant, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.VerifyAdopted, StepNames.Activate, StepNames.AnnounceAdopted, StepNames.AnnounceAdopted]);

        var active = await tenant.ReadAsync();
        (active.Status, active.Tier, active.SchemaVersion, active.Id.Value).ShouldBe((TenantStatus.Active, tier, 4, old.Tenant));
        active.Placement.ShouldBe(new("main", old.Name, old.Schema));
        (await world.RegistryAsync<string>("select string_agg((body::jsonb ->> 'database') || ' ' || (body::jsonb ->> 'foundVersion') || ' ' || (body::jsonb ->> 'schemaVersion'), ', ') from outbox where message_type like '%TenantAdopted'"))
            .ShouldBe($"{old.Name} {(kind == "made" ? 3 : 4)} 4", "it is announced once");
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            (await session.Connection.QueryAsync<string>("select u.email || d.title from users u join documents d on d.author_id = u.id")).ShouldBe(["a@acme.comOne"]);
            await session.Connection.ExecuteAsync("insert into documents (title) values ('Two')");
            await session.CommitAsync(default);
        }

        // What runs at every start and every few minutes takes it for a tenant's place, whatever its name.
        (await world.Get<UpdatePlacesAtStart>().UpdateAsync("main", default)).ShouldBeGreaterThanOrEqualTo(0);
        await world.Get<ServerWalls>().CheckAsync("main", default);
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Should_leave_it_exactly_as_it_was_when_it_is_undone(string kind, IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await FindAsync(world, kind);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));
        // Each twice, as after a lost answer.
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.BeforePivot.SelectMany(s => new[] { s, s }));
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldNotBe(before);
        var login = (await tenant.ReadAsync()).Placed!.Login;

        await AdoptionWorld.UndoAsync(world, tenant);

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        (await world.AdminQueryAsync<string>("postgres", $"select rolname from pg_roles where starts_with(rolname, '{login}')")).ShouldBeEmpty();
        (await world.RegistryAsync<long>("select (select count(*) from adoptions) + (select count(*) from tenant_credentials) + (select count(*) from placements where state <> 'gone') + (select placed from database_servers)")).ShouldBe(0);
        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Failed);
        await AdoptionWorld.UndoAsync(world, tenant);
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before, "a second undo changes nothing");

        // The rows carry the id, so the same tenant is adopted the next time.
        var again = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier, slug: "acme-two"));
        again.Id.ShouldBe(tenant.Id);
        await AdoptionWorld.RunAsync(world, again, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.Verify, StepNames.Activate]);
        (await again.ReadAsync()).Slug.ToString().ShouldBe("acme-two");
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_put_back_what_a_killed_attempt_changed(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: [("Saga:Databases:BlockingSeconds", "1"), ("Saga:Databases:LockSeconds", "2")]);
        var old = await AdoptionWorld.MakeAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));
        await AdoptionWorld.RunAsync(world, tenant, StepNames.ReserveAdopted, StepNames.InspectPlace);
        await using (var busy = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = old.Name, Pooling = false }.ConnectionString))
        {
            await busy.OpenAsync();
            await using var transaction = await busy.BeginTransactionAsync();
            await busy.ExecuteAsync("lock table shop.documents in access share mode");
            // It has its roles and the schema saga by then, and waits for the table.
            var failure = await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.TakePlace));
            failure.Failure.Code.ShouldBe("postgresql-locked");
        }

        (await world.AdminQueryAsync<bool>(old.Name, "select to_regnamespace('saga') is not null")).ShouldBe([true]);
        await AdoptionWorld.UndoAsync(world, tenant);

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_give_back_what_the_product_made_while_it_was_taken(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: [("Saga:Databases:BlockingSeconds", "1"), ("Saga:Databases:LockSeconds", "2")]);
        var old = await AdoptionWorld.MakeAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));
        await AdoptionWorld.RunAsync(world, tenant, StepNames.ReserveAdopted, StepNames.InspectPlace);
        await using (var busy = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = old.Name, Pooling = false }.ConnectionString))
        {
            await busy.OpenAsync();
            await using var transaction = await busy.BeginTransactionAsync();
            await busy.ExecuteAsync("lock table shop.documents in access share mode");
            (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.TakePlace))).Failure.Code.ShouldBe("postgresql-locked");
        }

        // The record is written by then.
        await AdoptionWorld.ExecuteAsync(
            world, old.Name, $"set role {old.Name}; set search_path = shop; create table late (tenant_id uuid not null, id int, primary key (tenant_id, id)); create function late_one() returns int language sql return 1;");
        await AdoptionWorld.RunAsync(world, tenant, StepNames.TakePlace);

        await AdoptionWorld.UndoAsync(world, tenant);

        var after = await AdoptionWorld.DescribeAsync(world, old.Name);
        after.Where(l => !l.Contains("shop.late", StringComparison.Ordinal)).ShouldBe(before);
        after.Where(l => l.StartsWith("relation shop.late ", StringComparison.Ordinal)).Single().ShouldStartWith($"relation shop.late r {old.Name} falsefalse");
        after.Where(l => l.StartsWith("routine shop.late_one", StringComparison.Ordinal)).Single().ShouldContain($" {old.Name} ");
        after.ShouldNotContain(l => l.StartsWith("policy ", StringComparison.Ordinal) && l.Contains("late", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_keep_no_membership_when_the_database_was_dropped_meanwhile()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var memberships = await world.AdminQueryAsync<string>("postgres", $"select roleid::regrole || ' ' || member::regrole || ' ' || grantor::regrole from pg_auth_members where roleid = '{old.Name}'::regrole order by 1");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.BeforePivot);
        await world.AdminQueryAsync<string>("postgres", $"drop database {old.Name} with (force)");

        await AdoptionWorld.UndoAsync(world, tenant);

        (await world.AdminQueryAsync<string>("postgres", $"select roleid::regrole || ' ' || member::regrole || ' ' || grantor::regrole from pg_auth_members where roleid = '{old.Name}'::regrole order by 1")).ShouldBe(memberships);
    }

    [Fact]
    public async Task Should_drop_nothing_of_other_schemas_with_its_own()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(
            world, further: "create table public.notes (id int); create view public.report as select title from shop.documents; create table public.tints (c shop.colour, n int default shop.twice(2)); create function public.any_title() returns text language sql return (select max(title) from shop.documents);");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.Activate]);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.RemoveDatabase))).Failure;
        var after = await world.AdminQueryAsync<string>(old.Name, "select relname::text from pg_class where relnamespace = 'public'::regnamespace order by 1");
        await AdoptionWorld.ExecuteAsync(world, old.Name, "drop view public.report; drop function public.any_title(); drop table public.tints;");
        await world.ExecuteAsync(tenant, StepNames.RemoveDatabase);

        failure.Code.ShouldBe("schema-needed");
        failure.Message.ShouldContain("function public.any_title(), table public.tints, view public.report".Replace("public.", "", StringComparison.Ordinal));
        after.ShouldBe(["notes", "report", "tints"]);
        (await world.AdminQueryAsync<string>(old.Name, "select relname::text from pg_class where relnamespace = 'public'::regnamespace")).ShouldBe(["notes"]);
        (await UsersOfAsync(world, old)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_put_back_nothing_when_nothing_was_recorded_or_begun()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));

        await AdoptionWorld.UndoAsync(world, tenant);

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
    }

    [Fact]
    public async Task Should_adopt_several_schemas_of_one_database_and_undo_one()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (old, first) = await WithTwoSchemasAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);

        var second = await AdoptionWorld.AdoptAsync(world, SecondOf(old));
        await AdoptionWorld.RunAsync(world, second, AdoptionWorld.BeforePivot);
        await AdoptionWorld.UndoAsync(world, second);

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        await world.Get<DatabaseVerification>().VerifyAsync(await first.BeginAsync(StepNames.Verify), default);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_leave_no_role_when_the_last_two_schemas_of_a_database_go_at_once(bool oneIsUndone)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (old, first) = await WithTwoSchemasAsync(world);
        var second = await AdoptionWorld.AdoptAsync(world, SecondOf(old));
        await AdoptionWorld.RunAsync(world, second, AdoptionWorld.BeforePivot);

        // Neither knows of the other one's end, which the registry learns later.
        if (oneIsUndone)
            await world.CompensateAsync(second, StepNames.TakePlace);
        else
            await world.ExecuteAsync(second, StepNames.RemoveDatabase);
        (await UsersOfAsync(world, old)).ShouldHaveSingleItem();
        await world.ExecuteAsync(first, StepNames.RemoveDatabase);

        (await UsersOfAsync(world, old)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_able_to_connect_when_the_last_other_schema_goes_meanwhile()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (old, first) = await WithTwoSchemasAsync(world);
        // The removal stops when it takes the database's rights from the role.
        await using var blocker = new NpgsqlConnection(world.Admin);
        await blocker.OpenAsync();
        Task removing, taking;
        SeededTenant second;
        await using (var blocking = await blocker.BeginTransactionAsync())
        {
            await blocker.ExecuteAsync($"select from pg_database where datname = '{old.Name}' for update");
            removing = world.ExecuteAsync(first, StepNames.RemoveDatabase);
            await WaitingAsync(world, 1);
            second = await AdoptionWorld.AdoptAsync(world, SecondOf(old));
            await AdoptionWorld.RunAsync(world, second, StepNames.ReserveAdopted, StepNames.InspectPlace);
            taking = world.ExecuteAsync(second, StepNames.TakePlace);
            await WaitingAsync(world, 2);
            await blocking.CommitAsync();
        }

        await removing;
        await taking;

        var login = (await second.ReadAsync()).Placed!.Login;
        (await world.AdminQueryAsync<bool>("postgres", $"select has_database_privilege('{login}', '{old.Name}', 'connect')")).ShouldBe([true]);
        await world.Get<DatabaseVerification>().VerifyAsync(await second.BeginAsync(StepNames.Verify), default);

        // Of this database's, so that other tests on the server do not count.
        Task WaitingAsync(DatabaseWorld at, int sessions) => Until.TrueAsync(
            async () => (await at.AdminQueryAsync<long>(
                "postgres",
                $"""
                select count(distinct l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
                where not l.granted and (a.query like '%{Workers.Database.Tiers.SharedRoles.Users(old.Name)}%' or a.query like '%{old.Name}%'
                    or l.locktype = 'advisory' and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('{old.Name}', 3) and l.objsubid = 1)
                """)).Single() >= sessions,
            $"{sessions} sessions wait");
    }

    [Fact]
    public async Task Should_not_undo_what_was_migrated()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.MigrateAdopted]);

        var failure = await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.TakePlace));

        (failure.Failure.Code, failure.Failure.Message).ShouldBe(("adoption-migrated", $"The product's tables in database '{old.Name}' on server 'main' were migrated from version 3 to 4, which cannot be put back."));
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_is_lost_before()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await AdoptionWorld.RunAsync(world, tenant, StepNames.ReserveAdopted, StepNames.InspectPlace);
        var stale = await tenant.BeginAsync(StepNames.TakePlace);
        await tenant.BeginAsync(StepNames.TakePlace);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.TakePlace).ExecuteAsync(stale, default));

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_be_removed_like_any_other(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeAsync(world);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old, tier));
        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.Activate]);

        var removed = (await world.ExecuteAsync(tenant, StepNames.RemoveDatabase)).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();

        (removed.Existed, removed.Name.Contains(old.Name, StringComparison.Ordinal)).ShouldBe((true, true));
        (await world.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{old.Name}'")).Count.ShouldBe(tier == IsolationTier.Schema ? 1 : 0);
        if (tier == IsolationTier.Schema)
            (await world.AdminQueryAsync<string>(old.Name, "select nspname from pg_namespace where nspname = 'shop'")).ShouldBeEmpty();
    }

    // A database with two schemas, of which the first one is adopted.
    private static async Task<(OldDatabase Old, SeededTenant First)> WithTwoSchemasAsync(DatabaseWorld world)
    {
        var old = await AdoptionWorld.MakeAsync(world, further: OtherSchema);
        var first = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Command(old));
        await AdoptionWorld.RunAsync(world, first, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.Activate]);
        await EndAsync(world, first);
        return (old, first);
    }

    private static AdoptTenant SecondOf(OldDatabase old) => AdoptionWorld.Command(old, slug: "other") with { Schema = "other", TenantId = null };

    private static Task<IReadOnlyList<string>> UsersOfAsync(DatabaseWorld world, OldDatabase old) =>
        world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where rolname = '{Workers.Database.Tiers.SharedRoles.Users(old.Name)}'");

    private static Task<OldDatabase> FindAsync(DatabaseWorld world, string kind) => kind == "made" ? AdoptionWorld.MakeAsync(world) : AdoptionWorld.OfAnotherAsync();

    private static async Task EndAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await using var connection = await world.Registry.OpenConnectionAsync();
        await connection.ExecuteAsync("update operations set state = 'completed', finished_at = now() where id = @OperationId; delete from operation_scopes where operation_id = @OperationId", new { tenant.OperationId });
    }
}
