using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Orchestrator;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

public sealed class When_the_orchestrator_is_configured
{
    [Theory, InlineData(10, 10), InlineData(5, 6)]
    public void Should_refuse_a_claim_that_ends_before_the_send_is_given_up(int claim, int send)
    {
        var error = Should.Throw<OptionsValidationException>(() => Configured(claim, send));

        error.Message.ShouldContain("Saga:Orchestrator:OutboxClaimSeconds");
        error.Message.ShouldContain("Saga:Orchestrator:OutboxSendSeconds");
    }

    [Fact]
    public void Should_take_a_longer_claim() => Configured(6, 5).OutboxClaimSeconds.ShouldBe(6);

    [Fact]
    public void Should_have_defaults_that_are_valid()
    {
        var defaults = new OrchestratorOptions();
        Configured(defaults.OutboxClaimSeconds, defaults.OutboxSendSeconds).ShouldNotBeNull();
    }

    private static OrchestratorOptions Configured(int claim, int send)
    {
        using var services = new ServiceCollection()
            .AddOptions<OrchestratorOptions>()
            .Configure(o => (o.OutboxClaimSeconds, o.OutboxSendSeconds) = (claim, send))
            .ValidateDataAnnotations().Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<OrchestratorOptions>>().Value;
    }
}
