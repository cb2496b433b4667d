using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_nobody_hosts_a_step : ApiTest
{
    [Fact]
    public async Task Should_refuse_the_command_for_now()
    {
        await Server.ExecuteAsync("update processes set steps = array_remove(steps, 'database.create'), heartbeat_at = now()");

        using var response = await Server.PostAsync(ApiServer.Body("acme"));

        var problem = await ProblemAsync(response, 503, "step-not-hosted");
        problem.GetProperty("detail").GetString()!.ShouldContain("'database.create'");
        response.Headers.RetryAfter.ShouldNotBeNull();
        await Server.ExecuteAsync("update processes set steps = array_append(steps, 'database.create')");
        await Server.AcceptedAsync("acme");
    }
}
