using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Domains;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Domains;

public sealed class When_claims_of_domains_are_swept : IntakeTest
{
    [Fact]
    public async Task Should_end_claims_that_were_not_proved_in_time()
    {
        var acme = (await AcceptedAsync(Command("acme") with { Domain = "acme.example" })).TenantId!.Value;
        await AcceptedAsync(Command("bolt") with { Domain = "acme.example" });
        await AcceptedAsync(Command("cord") with { Domain = "cord.example" });
        await Registry.ExecuteAsync(
            """
            update tenant_domains set expires_at = now() - interval '1 second' where domain = 'acme.example';
            update tenant_domains set expires_at = now() - interval '1 second', state = 'proved', proved_at = now() where domain = 'cord.example';
            """);

        await SweepAsync();
        await SweepAsync();

        (await Registry.ScalarAsync<string>("select string_agg(domain, ' ') from tenant_domains")).ShouldBe("cord.example", "a proved one does not expire");
        (await Registry.ScalarAsync<string>("select string_agg(slug || ' ' || coalesce(domain, '-'), ', ' order by slug) from tenants")).ShouldBe("acme -, bolt -, cord cord.example");
        (await Registry.ScalarAsync<long>("select count(*) from audit where action = 'domain.expire' and actor = 'system'")).ShouldBe(2);
        (await Registry.ScalarAsync<long>($"select version from tenants where id = '{acme}'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_keep_a_claim_that_was_made_again()
    {
        await AcceptedAsync(Command("acme") with { Domain = "acme.example" });
        await Registry.ExecuteAsync("update tenant_domains set expires_at = now() - interval '1 second'");
        var tenant = new TenantId(await Registry.ScalarAsync<Guid>("select id from tenants"));

        (await Store.ClaimAsync(tenant, "acme.example", "other", "ada", default)).ShouldBe(false);
        await SweepAsync();

        (await Registry.ScalarAsync<string>("select domain from tenants")).ShouldBe("acme.example");
    }

    [Fact]
    public async Task Should_start_what_a_process_that_died_did_not_start_and_only_once()
    {
        await Seed.ProcessAsync(Registry);
        foreach (var slug in (string[])["acme", "late", "soon"])
        {
            var accepted = await AcceptedAsync(Command(slug) with { Domain = $"{slug}.example" });
            await EndAsync(accepted.OperationId, "completed", slug == "late" ? "provisioning" : "active");
        }

        await Registry.ExecuteAsync(
            """
            update tenants set organization_id = 'o';
            update tenant_domains set state = 'proved', proved_at = now() - case when domain = 'soon.example' then interval '1 second' else interval '2 minutes' end;
            """);

        await SweepAsync();
        await SweepAsync();

        (await Registry.ScalarAsync<string>("select string_agg(t.slug || ' ' || o.requested_by, ', ') from operations o join tenants t on t.id = o.tenant_id where o.kind = 'linkDomains'")).ShouldBe("acme system");

        await Registry.ExecuteAsync("update tenant_domains set linked_at = now()");
        (await Store.ListUnlinkedAsync(10, default)).ShouldBeEmpty();
    }

    private TenantDomainStore Store => new(Registry, new RegistryClock());

    private async Task SweepAsync()
    {
        await Store.ExpireAsync(100, TestContext.Current.CancellationToken);
        await new DomainLinks(Store, Intakes.Of<LinkDomains, ValidLinkDomains, LinkDomainsPlan>(Registry, new(Store))).CatchUpAsync(100, TestContext.Current.CancellationToken);
    }
}
