using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>What the copy of a product without tenants refuses, before anything of the tenant is made.</summary>
public sealed class When_a_source_of_rows_does_not_fit
{
    [Theory]
    [InlineData("create table shop.extra (id int); grant select on shop.extra to saga_provisioner", "source-differs", "table extra is not one of them")]
    [InlineData("create table shop.tenants (id int); grant select on shop.tenants to saga_provisioner", "source-differs", "table tenants is not one of them")]
    [InlineData("drop table settings", "source-differs", "table settings is missing")]
    [InlineData("alter table users drop column display_name", "source-differs", "column users.display_name is missing")]
    [InlineData("alter table users alter column display_name type varchar(20)", "source-differs", "column users.display_name is character varying(20) instead of text")]
    [InlineData("alter table users add column age int", "source-differs", "column users.age is not one of theirs")]
    [InlineData("alter table users add column tenant_id uuid", "source-has-tenants", "shop.users")]
    [InlineData("revoke select on users from saga_provisioner", "source-unreadable", "table users")]
    [InlineData("revoke usage on schema shop from saga_provisioner", "source-unreadable", "the schema")]
    [InlineData("revoke select on numbers from saga_provisioner", "source-unreadable", "sequence numbers")]
    [InlineData("alter table users enable row level security", "source-unreadable", "may hide rows")]
    [InlineData("create table public.registry_migrations ()", "database-registry", "registry")]
    [InlineData("drop schema shop cascade", "schema-missing", "shop")]
    public async Task Should_say_what_and_write_nothing(string change, string code, string word)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeSingleAsync(world, $"{change};");
        var before = await AdoptionWorld.DescribeAsync(world, old.Name);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(old));
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectSource))).Failure;

        (failure.Code, failure.Transient, failure.Remedy!.EndsWith("then send the command again.", StringComparison.OrdinalIgnoreCase)).ShouldBe((code, false, true));
        failure.Message.ShouldContain(word);
        (await AdoptionWorld.DescribeAsync(world, old.Name)).ShouldBe(before);
        (await world.LeftoversAsync(tenant.Id, (await tenant.ReadAsync()).Placement!)).ShouldBeEmpty();
        (await world.RegistryAsync<long>("select count(*) from adopted_sources")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_when_it_has_more_users_than_the_tenant_may_have()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(await AdoptionWorld.MakeSingleAsync(world)) with { Plan = "basic", MaxUsers = 1 });
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectSource))).Failure;

        failure.Code.ShouldBe("plan-too-small");
        failure.Message.ShouldContain("has 2 users, and the tenant may have 1");
    }

    [Theory]
    [InlineData(IsolationTier.Schema, "/schema")]
    [InlineData(IsolationTier.Database, "/database")]
    public async Task Should_be_refused_as_the_place_of_a_tenant(IsolationTier tier, string pointer)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var owner = await world.TenantAsync(tier);
        await world.ExecuteAsync(owner, StepNames.Reserve);
        var place = (await owner.ReadAsync()).Placement!;
        await world.RegistryAsync<int>("with moved as (update placements set database = 'a_' || database returning 1) select count(*)::int from moved");
        var source = new OldDatabase($"a_{place.Database}", place.Schema, Guid.Empty);

        var refused = (await AdoptionWorld.SubmitAsync(world, AdoptionWorld.Copy(source, "second"))).ShouldBeOfType<CommandRejected>().Rejection;

        (refused.Code, refused.Errors.Single().Pointer).ShouldBe((RejectionCodes.PlaceInUse, pointer));
        refused.Detail.ShouldContain("tenant-1");
    }

    [Fact]
    public async Task Should_be_refused_when_it_became_the_place_of_a_tenant_after_the_acceptance()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var old = await AdoptionWorld.MakeSingleAsync(world);
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(old));
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        var owner = await world.TenantAsync(IsolationTier.Schema);
        await world.ExecuteAsync(owner, StepNames.Reserve);
        await world.RegistryAsync<int>($"with moved as (update placements set database = '{old.Name}', schema = 'shop' where tenant_id = '{owner.Id}' returning 1) select count(*)::int from moved");

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectSource))).Failure.Code.ShouldBe("place-in-use");
    }

    [Fact]
    public async Task Should_be_read_on_a_server_that_takes_no_more_tenants()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await Seed.ServerAsync(world.Registry, "closed");
        await world.RegistryAsync<int>("with closed as (update database_servers set accepting = false where name = 'closed' returning 1) select count(*)::int from closed");

        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(new("some", "shop", Guid.Empty), server: "closed"));
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        (await tenant.ReadAsync()).Placement!.Server.ShouldBe("main");
        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectSource))).Failure.Code.ShouldBe("server-unknown");
    }
}
