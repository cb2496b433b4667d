using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_domains_are_linked : IdentitySteps
{
    private LinkDomainsStep Link => new(Connection.Directory, new LeasedTransactions(Registry, new RegistryClock()));

    [Fact]
    public async Task Should_give_the_organisation_what_is_proved_and_nothing_else()
    {
        await AcceptAsync(null);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await AddAsync("one.example", "proved");
        await AddAsync("two.example", "proved");
        await AddAsync("three.example", "pending");

        await ExecuteAsync();
        await ExecuteAsync();

        Stub.Organizations[0].Domains.Select(d => d.Name).ShouldBe(["one.example", "two.example"], ignoreOrder: true);
        (await Registry.ScalarAsync<string>("select string_agg(domain, ' ' order by domain) from tenant_domains where linked_at is not null")).ShouldBe("one.example two.example");
    }

    [Fact]
    public async Task Should_take_away_what_was_removed_and_leave_what_an_operator_linked()
    {
        await AcceptAsync("one.example");
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        Stub.Organizations[0].Domains.AddRange([new("one.example", true), new("operators.example", true)]);

        await ExecuteAsync();

        var left = Stub.Organizations[0].Domains.ShouldHaveSingleItem();
        (left.Name, left.Verified).ShouldBe(("operators.example", true));
    }

    [Fact]
    public async Task Should_keep_what_was_proved_again_after_it_was_removed()
    {
        await AcceptAsync("one.example");
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await AddAsync("one.example", "proved");

        await ExecuteAsync();

        Stub.Organizations[0].Domains.ShouldHaveSingleItem().Name.ShouldBe("one.example");
    }

    [Fact]
    public async Task Should_keep_a_disabled_organisation_disabled()
    {
        await AcceptAsync(null);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Connection.Directory.DisableOrganizationAsync(Tenant.Id, None);
        await AddAsync("one.example", "proved");

        await ExecuteAsync();

        Stub.Organizations[0].Enabled.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_say_that_there_is_no_organisation()
    {
        await AcceptAsync(null);

        (await Should.ThrowAsync<StepFailureException>(ExecuteAsync)).Failure.Code.ShouldBe(DirectoryFailures.OrganizationMissing);
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_was_lost()
    {
        await AcceptAsync(null);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await AddAsync("one.example", "proved");
        var stale = await Tenant.BeginAsync(StepNames.LinkDomains);
        await Tenant.BeginAsync(StepNames.LinkDomains);

        await Should.ThrowAsync<LeaseLostException>(() => Link.ExecuteAsync(stale, None));

        Stub.Organizations[0].Domains.ShouldBeEmpty();
    }

    private Task AcceptAsync(string? remove) => Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb", new { Input = JsonSerializer.Serialize(new LinkDomains { TenantId = Tenant.Id, Remove = remove }, Saga.Contracts.Json.Options) });

    private Task AddAsync(string domain, string state) => Registry.ExecuteAsync(
        "insert into tenant_domains (tenant_id, domain, token, state, proved_at) select id, @domain, 'x', @state, case @state when 'proved' then now() end from tenants", new { domain, state });

    private async Task ExecuteAsync() => await Link.ExecuteAsync(await Tenant.BeginAsync(StepNames.LinkDomains), None);
}
