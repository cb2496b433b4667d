using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>A server stops during provisionings and comes back. All of them complete.</summary>
[Collection(Alone.Name)]
public sealed class When_a_server_goes_away
{
    private const int Tenants = 20;

    [Fact]
    [InTurn(2, of: 6)]
    public async Task Should_complete_when_the_broker_is_killed()
    {
        await using var running = await RunningSite.StartAsync();
        var accepted = await running.SubmitAsync(Tenants);
        await running.SeeAsync(HistoryEvents.StepSucceeded, Tenants * 2);

        running.Site.World.Rabbit.Kill();
        await running.Site.World.Rabbit.UpAsync();

        await running.EndAsync(accepted, OperationState.Completed);
    }

    [Fact]
    [InTurn(1, of: 6)]
    public async Task Should_complete_when_PostgreSQL_is_restarted_at_once()
    {
        await using var running = await RunningSite.StartAsync();
        var accepted = await running.SubmitAsync(Tenants);
        await running.SeeAsync(HistoryEvents.StepSucceeded, Tenants * 2);

        await running.Site.World.RestartPostgresAsync();

        await running.EndAsync(accepted, OperationState.Completed);
    }

    [Fact]
    [InTurn(1, of: 6)]
    public async Task Should_complete_when_Redis_is_away_for_seconds()
    {
        await using var running = await RunningSite.StartAsync();
        running.Site.World.Redis.Stop();
        var accepted = await running.SubmitAsync(6);
        await running.SeeAsync(HistoryEvents.StepDeferred, 12);

        await running.Site.World.Redis.StartAsync();

        await running.EndAsync(accepted, OperationState.Completed);
    }

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_complete_when_the_object_store_is_away_for_seconds()
    {
        await using var running = await RunningSite.StartAsync();
        running.Site.World.S3.Stop();
        var accepted = await running.SubmitAsync(6);
        await running.SeeAsync(HistoryEvents.StepDeferred, 12);

        await running.Site.World.S3.StartAsync();

        await running.EndAsync(accepted, OperationState.Completed);
    }

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_complete_when_Keycloak_is_away_for_seconds()
    {
        await using var running = await RunningSite.StartAsync();
        running.Site.Keycloak.Arm("*", "*", new KeycloakFault { Drop = true }, times: int.MaxValue);
        var accepted = await running.SubmitAsync(6);
        await running.SeeAsync(HistoryEvents.StepDeferred, 12);

        running.Site.Keycloak.Disarm();

        await running.EndAsync(accepted, OperationState.Completed);
    }

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_complete_when_the_mail_server_takes_nothing_for_seconds()
    {
        await using var running = await RunningSite.StartAsync();
        running.Site.MailAnswer = "421 come back later";
        var accepted = await running.SubmitAsync(6);
        await running.SeeAsync(HistoryEvents.StepDeferred, 6);

        running.Site.MailAnswer = null;

        await running.EndAsync(accepted, OperationState.Completed);
        running.Site.Mail.Mails.SelectMany(m => m.Recipients).Distinct().Count().ShouldBe(6);
    }
}
