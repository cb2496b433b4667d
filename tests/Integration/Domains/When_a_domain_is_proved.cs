using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle;
using Saga.Lifecycle.Domains;
using Saga.Registry;
using Saga.Registry.Domains;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Domains;

[IsolationSuite]
public sealed class When_a_domain_is_proved : IntakeTest, IAsyncDisposable
{
    private const string Domain = "acme.example";
    private readonly DnsResponder dns = DnsResponder.Start();

    [Fact]
    public async Task Should_be_pending_until_its_owner_has_published_the_proof()
    {
        var tenant = await TenantAsync();

        var check = await CheckAsync(tenant);

        (check.Outcome, check.RecordName, check.Detail).ShouldBe((DomainCheckOutcome.Missing, $"_saga-challenge.{Domain}", $"There is no TXT record at _saga-challenge.{Domain}."));
        var domain = await FindAsync(tenant);
        (domain.Domain, domain.State, domain.Failure, domain.ProvedAt).ShouldBe((Domain, DomainState.Pending, check.Detail, null));
        domain.CheckedAt.ShouldNotBeNull();
        check.RecordText.ShouldBe($"saga-domain={domain.Token}");
        domain.Token.Length.ShouldBe(64);
        var read = (await new TenantStore(Registry).FindAsync(tenant, TestContext.Current.CancellationToken))!;
        (read.Domain, read.ProvedDomain).ShouldBe((Domain, null));
    }

    [Fact]
    public async Task Should_be_proved_by_the_record_and_stay_so()
    {
        var tenant = await TenantAsync();
        dns.Records[$"_saga-challenge.{Domain}"] = ["v=something else", DomainProof.RecordText((await FindAsync(tenant)).Token)];

        (await CheckAsync(tenant)).Outcome.ShouldBe(DomainCheckOutcome.Proved);
        (await CheckAsync(tenant)).Outcome.ShouldBe(DomainCheckOutcome.Proved);

        var domain = await FindAsync(tenant);
        (domain.State, domain.Failure).ShouldBe((DomainState.Proved, null));
        (await new TenantStore(Registry).FindAsync(tenant, TestContext.Current.CancellationToken))!.ProvedDomain.ShouldBe(Domain);
        (await QueryAsync<long>("select count(*) from audit where action = 'domain.prove' and actor = 'ada' and detail ->> 'domain' = 'acme.example'")).ShouldBe(1);

        dns.Records.Clear();
        (await CheckAsync(tenant)).Outcome.ShouldBe(DomainCheckOutcome.Missing);
        (await FindAsync(tenant)).State.ShouldBe(DomainState.Proved);
    }

    [Theory]
    [InlineData("saga-domain=")]
    [InlineData("saga-domain=0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Should_not_be_proved_by_another_record(string text)
    {
        var tenant = await TenantAsync();
        dns.Records[$"_saga-challenge.{Domain}"] = [text];
        // Not at the right place.
        dns.Records[Domain] = [DomainProof.RecordText((await FindAsync(tenant)).Token)];

        (await CheckAsync(tenant)).Outcome.ShouldBe(DomainCheckOutcome.Missing);
        (await FindAsync(tenant)).State.ShouldBe(DomainState.Pending);
    }

    [Fact]
    public async Task Should_say_when_nobody_knows()
    {
        var tenant = await TenantAsync();
        dns.Code = 2;

        (await CheckAsync(tenant)).Outcome.ShouldBe(DomainCheckOutcome.Unavailable);
        (await FindAsync(tenant)).Failure.ShouldNotBeNull().ShouldContain("ServerFailure");
    }

    [Fact]
    public async Task Should_not_prove_what_changed_during_the_check()
    {
        var tenant = await TenantAsync();
        var before = await FindAsync(tenant);
        await using (var change = Registry.CreateCommand("update tenant_domains set token = 'another'"))
            await change.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        (await new TenantDomainStore(Registry, new RegistryClock()).ProveAsync(before, "ada", TestContext.Current.CancellationToken)).ShouldBe(ProveOutcome.Changed);

        (await FindAsync(tenant)).State.ShouldBe(DomainState.Pending);
        (await QueryAsync<long>("select count(*) from audit where action = 'domain.prove'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_have_the_times_of_the_registrys_clock()
    {
        var tenant = await TenantAsync();
        var store = new TenantDomainStore(Registry, EngineClock.Later(TimeSpan.FromDays(3)));
        var later = DateTimeOffset.UtcNow.AddDays(2);

        await store.RecordFailureAsync(await FindAsync(tenant), "Nothing is there.", TestContext.Current.CancellationToken);
        await store.ClaimAsync(tenant, Domain, "token", "ada", TestContext.Current.CancellationToken);
        await store.ProveAsync(await FindAsync(tenant), "ada", TestContext.Current.CancellationToken);

        var domain = await FindAsync(tenant);
        domain.CheckedAt!.Value.ShouldBeGreaterThan(later);
        domain.ProvedAt!.Value.ShouldBeGreaterThan(later);
        domain.ExpiresAt.ShouldBeGreaterThan(later.AddDays(7));
    }

    [Fact]
    public async Task Should_be_proved_for_one_tenant_although_others_claim_it()
    {
        var (acme, bolt) = (await TenantAsync(), await TenantAsync("bolt"));
        dns.Records[$"_saga-challenge.{Domain}"] = [DomainProof.RecordText((await FindAsync(acme)).Token), DomainProof.RecordText((await FindAsync(bolt)).Token)];

        (await CheckAsync(acme)).Outcome.ShouldBe(DomainCheckOutcome.Proved);
        (await CheckAsync(bolt)).Outcome.ShouldBe(DomainCheckOutcome.Taken);

        (await FindAsync(bolt)).State.ShouldBe(DomainState.Pending);
        (await QueryAsync<string>("select string_agg(t.slug, ' ') from runtime_v1.hosts h join tenants t on t.id = h.tenant_id where kind = 'domain' and h.name = 'acme.example'")).ShouldBe("acme");
    }

    [Fact]
    public async Task Should_have_nothing_to_check_without_a_claim()
    {
        var tenant = (await AcceptedAsync(Command("acme"))).TenantId!.Value;

        (await Checker().CheckAsync(tenant, Domain, "ada", TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await dns.DisposeAsync();
        await DisposeAsync();
    }

    private async Task<TenantId> TenantAsync(string slug = "acme") => (await AcceptedAsync(Command(slug) with { Domain = Domain })).TenantId!.Value;

    private async Task<TenantDomain> FindAsync(TenantId tenant) => (await new TenantDomainStore(Registry, new RegistryClock()).FindAsync(tenant, Domain, TestContext.Current.CancellationToken))!;

    private async Task<DomainCheck> CheckAsync(TenantId tenant) => (await Checker().CheckAsync(tenant, Domain, "ada", TestContext.Current.CancellationToken))!;

    private DomainChecker Checker()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Saga:Domains:NameServers:0"] = dns.Address, ["Saga:Domains:TimeoutSeconds"] = "1" }).Build();
        return new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton(new TenantDomainStore(Registry, new RegistryClock())).AddLifecycle(configuration)
            .BuildServiceProvider().GetRequiredService<DomainChecker>();
    }
}
