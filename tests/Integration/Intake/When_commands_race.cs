using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Domains;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_commands_race : IntakeTest
{
    [Fact]
    public async Task Should_start_one_operation_for_one_key()
    {
        for (var round = 0; round < 10; round++)
        {
            var command = Command($"acme-{round}") with { IdempotencyKey = $"k{round}", Domain = $"acme{round}.com" };

            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AcceptedAsync(command)));

            outcomes.Select(o => o.OperationId).Distinct().ShouldHaveSingleItem();
            outcomes.Count(o => !o.IsReplay).ShouldBe(1);
        }

        (await QueryAsync<long>("select count(*) from operations")).ShouldBe(10);
        (await QueryAsync<long>("select count(*) from operations where slot = 'queued'")).ShouldBe(10);
    }

    [Fact]
    public async Task Should_start_one_operation_for_one_slug_and_point_the_others_to_it()
    {
        for (var round = 0; round < 10; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => SubmitAsync(Command($"acme-{round}") with { IdempotencyKey = $"{round}/{i}" })));

            var winner = outcomes.OfType<CommandAccepted>().ShouldHaveSingleItem();
            outcomes.OfType<CommandRejected>().Select(r => (r.Rejection.Code, r.Rejection.OperationId))
                .ShouldAllBe(r => r.Code == RejectionCodes.OperationActive && r.OperationId == winner.OperationId);
        }

        (await QueryAsync<long>("select count(*) from tenants")).ShouldBe(10);
        (await QueryAsync<long>("select count(*) from idempotency_keys")).ShouldBe(10);
    }

    [Fact]
    public async Task Should_let_one_of_two_commands_have_a_key()
    {
        for (var round = 0; round < 10; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => SubmitAsync(Command($"acme-{round}-{i}") with { IdempotencyKey = $"k{round}" })));

            outcomes.OfType<CommandAccepted>().ShouldHaveSingleItem();
            outcomes.OfType<CommandRejected>().ShouldAllBe(r => r.Rejection.Code == RejectionCodes.IdempotencyKeyReused);
        }
    }

    [Fact]
    public async Task Should_give_a_domain_to_one_of_racing_tenants()
    {
        var domains = new TenantDomainStore(Registry, new RegistryClock());
        for (var round = 0; round < 5; round++)
        {
            // A claim that is not proved blocks nobody.
            var accepted = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => AcceptedAsync(Command($"acme-{round}-{i}") with { Domain = $"acme-{round}.example" })));
            var claims = await Task.WhenAll(accepted.Select(async a => (await domains.ListAsync(a.TenantId!.Value, default)).ShouldHaveSingleItem()));

            var outcomes = await Task.WhenAll(claims.Select(c => domains.ProveAsync(c, "ada", default)));

            outcomes.Count(o => o == ProveOutcome.Proved).ShouldBe(1);
            outcomes.Count(o => o == ProveOutcome.Taken).ShouldBe(7);
        }
    }

    [Fact]
    public async Task Should_not_deadlock_over_crossed_names()
    {
        for (var round = 0; round < 10; round++)
        {
            string a = $"a-{round}", b = $"b-{round}";

            var outcomes = await Task.WhenAll(
                SubmitAsync(Command(a) with { Subdomain = "portal", Domain = "x.example" }),
                SubmitAsync(Command(b) with { Subdomain = "portal", Domain = "x.example" }));

            var winner = outcomes.OfType<CommandAccepted>().ShouldHaveSingleItem();
            outcomes.OfType<CommandRejected>().ShouldHaveSingleItem().Rejection.Code.ShouldBe(RejectionCodes.SubdomainTaken);
            await EndAsync(winner.OperationId, "compensated", "failed");
        }
    }
}
