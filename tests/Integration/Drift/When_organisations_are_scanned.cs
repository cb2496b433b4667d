using System.Runtime.CompilerServices;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Identity;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Drift;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_organisations_are_scanned : IdentitySteps
{
    private DriftScans scans = null!;

    [Fact]
    public async Task Should_find_what_was_changed_by_hand()
    {
        await ProvisionAsync();

        (await scans.RunAsync(Inventory)).Compared.ShouldBe(1);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await Connection.Directory.DisableOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Inventory);
        (await scans.OpenAsync()).ShouldBe(["different organization acme enabled=no!yes"]);

        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        await scans.RunAsync(Inventory);
        (await scans.OpenAsync()).ShouldBe(["missing organization acme"]);
    }

    [Fact]
    public async Task Should_expect_a_suspended_tenant_to_be_disabled()
    {
        await ProvisionAsync();
        await Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { Tenant.Id.Value });

        await scans.RunAsync(Inventory);

        (await scans.OpenAsync()).ShouldBe(["different organization acme enabled=yes!no"]);
    }

    [Fact]
    public async Task Should_find_orphans_of_this_installation_only()
    {
        await ProvisionAsync();
        var here = await InstallationAsync();
        // More than a page.
        for (var i = 0; i < 101; i++)
            await MakeAsync($"strange-{i:000}", Guid.NewGuid());
        await MakeAsync("unmarked", null);
        await MakeAsync("orphan", here);

        (await scans.RunAsync(Inventory)).Compared.ShouldBe(2);

        (await scans.OpenAsync()).ShouldBe(["orphan organization orphan"]);
    }

    [Fact]
    public async Task Should_look_for_what_the_pages_passed_over()
    {
        await ProvisionAsync();

        (await scans.RunAsync(new PassingOver(Inventory))).Compared.ShouldBe(1);

        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_ask_for_chosen_tenants_alone()
    {
        await ProvisionAsync();
        await MakeAsync("orphan", await InstallationAsync());

        (await scans.RunAsync(Inventory, 1, Tenant.Id)).Compared.ShouldBe(1);

        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_the_directory_could_not_be_read()
    {
        await ProvisionAsync();
        Stub.Arm("GET", "organizations", new KeycloakFault { Status = 503 }, times: 100);

        var output = await scans.RunAsync(Inventory, attempt: 3);

        output.Unread.ShouldHaveSingleItem().Failure.System.ShouldBe("keycloak");
        (output.Compared, (await scans.OpenAsync()).Count).ShouldBe((0, 0));
    }

    private IdentityInventory Inventory => new(Connection.Directory);

    private async Task ProvisionAsync()
    {
        scans = new(Registry);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        await scans.ActivateAsync(Tenant);
    }

    private Task MakeAsync(string slug, Guid? installation) =>
        Connection.Directory.EnsureOrganizationAsync(new(new TenantId(Guid.CreateVersion7()), Slug.Parse(slug), slug, null) { Installation = installation }, None);

    // Like a directory from which an organisation was removed between two pages.
    private sealed class PassingOver(IInventory real) : IInventory
    {
        public IReadOnlyList<string> Resources => real.Resources;

        public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return new([]);
        }

        public Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken) => real.ExpectAsync(registry, scope, cancellationToken);

        public Task<FoundThing?> FindAsync(ExpectedThing missing, InventoryScope scope, CancellationToken cancellationToken) => real.FindAsync(missing, scope, cancellationToken);
    }

    private async Task<Guid> InstallationAsync() => await Registry.ScalarAsync<Guid>("select id from installation");
}
