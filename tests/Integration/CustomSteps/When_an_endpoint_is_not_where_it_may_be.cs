using System.Net;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_an_endpoint_is_not_where_it_may_be
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Should_not_be_called_on_this_machine(string host)
    {
        await using var steps = await EndpointSteps.StartAsync(host: host);

        var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        (error.Failure.Kind, error.Failure.Code, error.OutcomeUnknown).ShouldBe((FailureKind.Permanent, "http-address-refused", false), error.Failure.Message);
        error.Failure.Remedy!.ShouldContain("Saga:HttpSteps:AllowedHosts");
        steps.Endpoint.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_called_at_the_address_that_was_judged()
    {
        var asked = new List<string>();
        // No name server knows the name, so only the judged address can lead to the endpoint.
        await using var steps = await EndpointSteps.StartAsync("crm.acme.invalid", "crm.acme.invalid", Resolve, ("Saga:HttpSteps:AllowedHosts:0", "CRM.acme.invalid"));

        await steps.ExecuteAsync();

        asked.ShouldBe(["crm.acme.invalid"]);
        steps.Endpoint.Calls.ShouldHaveSingleItem();

        Task<IPAddress[]> Resolve(string name, CancellationToken cancellationToken)
        {
            asked.Add(name);
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        }
    }

    [Fact]
    public async Task Should_not_be_called_when_a_public_name_leads_inside()
    {
        await using var steps = await EndpointSteps.StartAsync(
            "crm.acme.invalid", "crm.acme.invalid", (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("169.254.169.254")]),
            ("Saga:HttpSteps:AllowedHosts:0", "acme.invalid"));

        (await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync)).Failure.Code.ShouldBe("http-address-refused");
        steps.Endpoint.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_try_the_next_address_that_may_be_called()
    {
        await using var steps = await EndpointSteps.StartAsync(
            "crm.acme.invalid", "crm.acme.invalid", (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.99"), IPAddress.Loopback]), ("Saga:HttpSteps:AllowedHosts:0", "crm.acme.invalid"));

        await steps.ExecuteAsync();

        steps.Endpoint.Calls.ShouldHaveSingleItem();
    }

    [Theory]
    // The certificate is another host's, or of an authority that nobody trusts.
    [InlineData("elsewhere.invalid", true)]
    [InlineData("localhost", false)]
    public async Task Should_be_told_nothing_without_a_certificate_of_its_own(string name, bool trusted)
    {
        (string, string?)[] settings = [("Saga:HttpSteps:AllowedHosts:0", "localhost"), .. trusted ? Array.Empty<(string, string?)>() : [("Saga:HttpSteps:CaFile", null)]];
        await using var steps = await EndpointSteps.StartAsync(name, settings: settings);

        var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        (error.Failure.Code, error.OutcomeUnknown).ShouldBe(("http-silent", false), error.Failure.Message);
        steps.Endpoint.Calls.ShouldBeEmpty();
    }
}
