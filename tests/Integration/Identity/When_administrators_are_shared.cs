using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Two tenants whose administrator has the same address, provisioned and compensated at the same time.</summary>
public sealed class When_administrators_are_shared : IAsyncLifetime
{
    private const string Email = "ann@acme.example";
    private static readonly CancellationToken None = CancellationToken.None;
    private NpgsqlDataSource registry = null!;
    private KeycloakStub stub = null!;
    private KeycloakConnection connection = null!;
    private SeededTenant one = null!;
    private SeededTenant other = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        stub = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(stub);
        one = await Seed.TenantAsync(registry, "one", adminEmail: Email);
        other = await Seed.TenantAsync(registry, "other", adminEmail: "Ann@Acme.example");
        await ExecuteIdentityAsync(one);
        await ExecuteIdentityAsync(other);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
        await registry.DisposeAsync();
        stub.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_a_user_that_another_tenant_is_about_to_make_a_member()
    {
        await ExecuteAsync(one);
        var joining = new TaskCompletionSource();
        stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Until = joining.Task });
        var working = ExecuteAsync(other);
        await Until.TrueAsync(() => Task.FromResult(stub.Held > 0), "the other tenant is between user and membership");

        await CompensateAsync(one);
        joining.SetResult();
        await working;

        var user = stub.Users.ShouldHaveSingleItem();
        (await other.ReadAsync()).AdminUserId.ShouldBe(user.Id);
        stub.Organizations.Single(o => o.Alias == "other").Members.ShouldBe([user.Id]);
    }

    [Fact]
    public async Task Should_make_another_tenant_wait_while_the_user_is_deleted()
    {
        await ExecuteAsync(one);
        var deleting = new TaskCompletionSource();
        stub.Arm("DELETE", "users/{user-id}", new KeycloakFault { Until = deleting.Task });
        var releasing = CompensateAsync(one);
        await Until.TrueAsync(() => Task.FromResult(stub.Held > 0), "the user is being deleted");

        var refused = (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(other))).Failure;
        deleting.SetResult();
        await releasing;
        await ExecuteAsync(other);

        (refused.Code, refused.Transient).ShouldBe((DirectoryFailures.UserBusy, true));
        (await other.ReadAsync()).AdminUserId.ShouldBe(stub.Users.ShouldHaveSingleItem().Id);
    }

    [Fact]
    public async Task Should_make_another_tenant_wait_while_a_deletion_without_answer_may_take_effect()
    {
        await ExecuteAsync(one);
        stub.Arm("DELETE", "users/{user-id}", new KeycloakFault { Drop = true }, times: 3);
        await Should.ThrowAsync<StepFailureException>(() => CompensateAsync(one));

        var refused = (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(other))).Failure;
        await CompensateAsync(one);
        await ExecuteAsync(other);

        refused.Code.ShouldBe(DirectoryFailures.UserBusy);
        stub.Users.ShouldHaveSingleItem().MadeFor().ShouldBe(other.Id.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_leave_nobody_whichever_tenant_is_compensated_last(bool maker)
    {
        await ExecuteAsync(one);
        await ExecuteAsync(other);

        await CompensateAsync(maker ? other : one);
        stub.Users.ShouldHaveSingleItem();
        await CompensateAsync(maker ? one : other);

        stub.Users.ShouldBeEmpty();
        await using var rest = registry.CreateCommand("select (select count(*) from administrator_claims) + (select count(*) from administrator_addresses)");
        (await rest.ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Fact]
    public async Task Should_leave_nobody_when_both_are_compensated_at_once()
    {
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(ExecuteAsync(one), ExecuteAsync(other));
            await Task.WhenAll(CompensateAsync(one), CompensateAsync(other));

            stub.Users.ShouldBeEmpty();
            stub.Organizations.ShouldAllBe(o => o.Members.Count == 0);
        }
    }

    [Fact]
    public async Task Should_say_that_another_attempt_may_help_when_the_user_vanishes()
    {
        await ExecuteAsync(one);
        var joining = new TaskCompletionSource();
        stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Until = joining.Task });
        var working = ExecuteAsync(other);
        await Until.TrueAsync(() => Task.FromResult(stub.Held > 0), "the other tenant is between user and membership");
        // Somebody who does not ask the registry.
        await connection.Directory.ReleaseUserAsync(one.Id, Email, None);
        joining.SetResult();

        var failure = (await Should.ThrowAsync<StepFailureException>(() => working)).Failure;

        (failure.Code, failure.Transient).ShouldBe((DirectoryFailures.UserDeleted, true));
        await ExecuteAsync(other);
        stub.Users.ShouldHaveSingleItem();
    }

    private Task ExecuteIdentityAsync(SeededTenant tenant) => Step(StepNames.Identity, tenant, (s, c) => s.ExecuteAsync(c, None));

    private Task ExecuteAsync(SeededTenant tenant) => Step(StepNames.Administrator, tenant, (s, c) => s.ExecuteAsync(c, None));

    private Task CompensateAsync(SeededTenant tenant) => Step(StepNames.Administrator, tenant, async (s, c) =>
    {
        await s.CompensateAsync(c, None);
        return null;
    });

    private async Task Step(string name, SeededTenant tenant, Func<IStep, StepContext, Task<object?>> run)
    {
        var transactions = new LeasedTransactions(registry, new RegistryClock());
        IStep step = name == StepNames.Identity ? new IdentityStep(connection.Directory, transactions, new(registry)) : new AdministratorStep(connection.Directory, transactions);
        var context = await tenant.BeginAsync(name);
        try
        {
            await run(step, context);
        }
        finally
        {
            // The report settles the dispatch, as the orchestrator does.
            await using var settle = registry.CreateCommand("update operation_steps set settled = true where operation_id = $1 and step = $2");
            settle.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.OperationId });
            settle.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            await settle.ExecuteNonQueryAsync();
        }
    }
}

internal static class MadeForWhom
{
    public static string? MadeFor(this StubUser user) => user.Attributes.GetValueOrDefault("tenant_id")?.Single();
}
