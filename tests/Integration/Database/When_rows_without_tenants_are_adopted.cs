using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>The rows of a product without tenants become a tenant's in the shared tables, and their source stays as it is.</summary>
public sealed class When_rows_without_tenants_are_adopted
{
    private static readonly string[] Back = [StepNames.CompareSource, StepNames.CopySource, StepNames.Migrate, StepNames.Database, StepNames.InspectSource, StepNames.Reserve];

    [Fact]
    public async Task Should_be_the_tenants_and_nobody_elses_though_every_step_runs_twice()
    {
        await using var world = await DatabaseWorld.CreateAsync(further: (services, configuration) => services.AddResource<VerificationModule>(configuration));
        var old = await AdoptionWorld.MakeSingleAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        // With the same keys.
        var first = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(old, "first"));
        await AdoptionWorld.RunAsync(world, first, [.. AdoptionWorld.Copying, StepNames.Activate]);
        await world.RegistryAsync<int>("with freed as (delete from operation_scopes returning 1) select count(*)::int from freed");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(old));

        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.Copying.SelectMany(s => new[] { s, s }), StepNames.Verify, StepNames.Activate, StepNames.AnnounceCopied, StepNames.AnnounceCopied]);

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        var active = await tenant.ReadAsync();
        (active.Status, active.Tier, active.SchemaVersion, active.Placement!.Database).ShouldBe((TenantStatus.Active, IsolationTier.Row, 4, "saga_rows"));
        foreach (var each in new[] { first, tenant })
        {
            await using var session = await world.Connections.OpenAsync(each.Id, default);
            (await session.Connection.QueryAsync<string>("select u.email || ' ' || d.title from users u join documents d on d.author_id = u.id order by 1")).ShouldBe(["a@acme.com Of A", "b@acme.com Of B"]);
            (await session.Connection.QueryAsync<string>("select key || value from settings order by 1")).ShouldBe(["colour\"red\""], "the plan's first rows are not those of the tenant");
            await session.Connection.ExecuteAsync("insert into documents (title) values ('New')");
            await session.CommitAsync(default);
        }

        (await world.RegistryAsync<string>("select string_agg(body::jsonb ->> 'database' || ' ' || (body::jsonb ->> 'tables') || ' ' || (body::jsonb ->> 'rows'), ', ') from outbox where message_type like '%TenantRowsAdopted'"))
            .ShouldBe($"{old.Name} 3 5", "it is announced once");
    }

    [Fact]
    public async Task Should_be_gone_when_the_adoption_is_undone_and_copied_anew_the_next_time()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeSingleAsync(world);
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var command = AdoptionWorld.Copy(old) with { TenantId = Guid.CreateVersion7().ToString() };
        var tenant = await AdoptionWorld.AdoptAsync(world, command);
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.Copying);
        var place = (await tenant.ReadAsync()).Placement!;

        foreach (var step in Back.SelectMany(s => new[] { s, s }))
            await world.CompensateAsync(tenant, step);
        await world.RegistryAsync<int>("with ended as (update operations set state = 'compensated', finished_at = now() returning 1), freed as (delete from operation_scopes) select count(*)::int from ended");

        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        (await world.LeftoversAsync(tenant.Id, place)).ShouldBeEmpty();
        (await world.RegistryAsync<long>("select (select count(*) from adopted_sources) + (select count(*) from tenant_credentials) + (select count(*) from placements where state <> 'gone') + (select placed from database_servers)")).ShouldBe(0);
        var again = await AdoptionWorld.AdoptAsync(world, command with { Slug = "acme-two", Name = "Another" });
        again.Id.ShouldBe(tenant.Id);
        await AdoptionWorld.RunAsync(world, again, [.. AdoptionWorld.Copying, StepNames.Activate]);
    }

    [Fact]
    public async Task Should_leave_nothing_when_nothing_was_begun()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(await AdoptionWorld.MakeSingleAsync(world)));

        foreach (var step in Back)
            await world.CompensateAsync(tenant, step);

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Failed);
    }

    [Fact]
    public async Task Should_not_be_copied_by_a_late_attempt()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(await AdoptionWorld.MakeSingleAsync(world)));
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.Copying[..4]);
        var stale = await tenant.BeginAsync(StepNames.CopySource);
        await tenant.BeginAsync(StepNames.CopySource);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.CopySource).ExecuteAsync(stale, default));

        (await RowsAsync(world, tenant)).ShouldBe(0);
    }

    [Theory]
    [InlineData("insert into users (email, display_name) values ('c@acme.com', 'C');")]
    [InlineData("update documents set body = 'changed';")]
    [InlineData("delete from settings;")]
    public async Task Should_not_be_a_tenants_when_the_source_has_others_by_now(string change)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeSingleAsync(world);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(old));
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.Copying[..5]);
        await AdoptionWorld.ExecuteAsync(world, old.Name, $"set search_path = shop; {change}");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CompareSource))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("rows-differ", false));
        failure.Message.ShouldContain(old.Name);
    }

    [Theory]
    [InlineData("insert into users (email, display_name) values ('a@acme.com', 'Again');", "table 'users', constraint 'users_tenant_id_email_key', two of them have the same key")]
    [InlineData("alter table users alter column display_name drop not null; insert into users (email) values ('c@acme.com');", "table 'users', column 'display_name', a value is missing")]
    public async Task Should_be_refused_without_a_trace_when_the_shared_tables_refuse_them(string change, string words)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(await AdoptionWorld.MakeSingleAsync(world, change)));
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.Copying[..4]);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CopySource))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("rows-refused", false));
        failure.Message.ShouldContain(words);
        failure.Message.ShouldNotContain("acme.com");
        (await RowsAsync(world, tenant)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_refer_to_what_is_not_there()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await AdoptionWorld.AdoptAsync(
            world, AdoptionWorld.Copy(await AdoptionWorld.MakeSingleAsync(world, "alter table documents drop constraint documents_author_id_fkey; update documents set author_id = gen_random_uuid();")));
        await AdoptionWorld.RunAsync(world, tenant, AdoptionWorld.Copying[..4]);

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CopySource))).Failure.Code.ShouldBe("reference-missing");

        (await RowsAsync(world, tenant)).ShouldBe(0);
    }

    private static async Task<long> RowsAsync(DatabaseWorld world, SeededTenant tenant) =>
        (await world.AdminQueryAsync<long>("saga_rows", $"select (select count(*) from product.users where tenant_id = '{tenant.Id}') + (select count(*) from product.documents where tenant_id = '{tenant.Id}')"))[0];
}
