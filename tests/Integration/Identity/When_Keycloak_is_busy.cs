using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_Keycloak_is_busy
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Should_never_exceed_its_concurrency()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { Latency = TimeSpan.FromMilliseconds(20) });
        await using var connection = new KeycloakConnection(stub, [("MaxConcurrency", "3")]);

        await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => connection.Directory.FindOrganizationAsync(new TenantId(Guid.CreateVersion7()), None)));

        stub.Busiest.ShouldBe(3);
    }

    [Fact]
    public async Task Should_not_count_the_wait_for_a_turn_as_slowness()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { Latency = TimeSpan.FromMilliseconds(100) });
        await using var connection = new KeycloakConnection(stub, [("MaxConcurrency", "1"), ("TimeoutSeconds", "0.8"), ("Retries", "0")]);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => connection.Directory.FindOrganizationAsync(new TenantId(Guid.CreateVersion7()), None)));

        stub.Calls.Count.ShouldBe(13);
    }

    [Fact]
    public async Task Should_remove_all_members_of_a_large_organisation_before_it()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        var tenant = new TenantId(Guid.CreateVersion7());
        await connection.Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme", null), None);
        for (var i = 0; i < 130; i++)
        {
            var user = stub.Add(new StubUser { Id = Guid.NewGuid().ToString(), Username = $"user{i}" });
            stub.Organizations.Single().Members.Add(user.Id);
        }

        await connection.Directory.DeleteOrganizationAsync(tenant, None);

        stub.Organizations.ShouldBeEmpty();
        stub.Users.Count.ShouldBe(130);
        stub.Calls.Count(c => c is { Method: "DELETE", Route: "organizations/{org-id}/members/{member-id}", Status: 204 }).ShouldBe(130);
        stub.Calls[^1].ShouldSatisfyAllConditions(
            c => (c.Method, c.Route, c.Status).ShouldBe(("DELETE", "organizations/{org-id}", 204)));
        stub.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_clear_nothing_when_it_repairs()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        var tenant = new TenantId(Guid.CreateVersion7());
        stub.Add(new StubOrganization
        {
            Id = Guid.NewGuid().ToString(),
            Alias = "acme",
            Name = "Acme",
            Enabled = false,
            Description = "A customer since 1998",
            RedirectUrl = "https://acme.example/start",
            Attributes = new() { ["tenant_id"] = [tenant.ToString()], ["account"] = ["42"] },
            Domains = [new("old.example", true)],
        });

        await connection.Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme Ltd", "acme.example"), None);

        var mended = stub.Organizations.Single();
        (mended.Name, mended.Alias, mended.Enabled).ShouldBe(("Acme Ltd", "acme", true));
        (mended.Description, mended.RedirectUrl).ShouldBe(("A customer since 1998", "https://acme.example/start"));
        mended.Attributes["account"].ShouldBe(["42"]);
        mended.Domains.ShouldBe([new("old.example", true), new("acme.example", false)]);
        stub.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_the_winner_when_its_own_create_clashes_in_the_database()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { ConflictStatus = 500 });
        await using var connection = new KeycloakConnection(stub);
        var wanted = new Workers.Identity.OrganizationSpec(new TenantId(Guid.CreateVersion7()), Slug.Parse("acme"), "Acme", null);
        var release = new TaskCompletionSource();
        stub.Arm("POST", "organizations", new KeycloakFault { Until = release.Task }, times: 2);
        var attempts = new[] { connection.Directory.EnsureOrganizationAsync(wanted, None), connection.Directory.EnsureOrganizationAsync(wanted, None) };
        await Until.TrueAsync(() => Task.FromResult(stub.Held == 2));

        release.SetResult();
        var made = await Task.WhenAll(attempts);

        made.Select(o => o.Id).Distinct().ShouldBe([stub.Organizations.ShouldHaveSingleItem().Id]);
        stub.Calls.Where(c => c is { Method: "POST", Route: "organizations" }).Select(c => c.Status).Order().ShouldBe([201, 500]);
    }
}
