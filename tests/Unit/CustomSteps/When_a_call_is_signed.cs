using System.Text;
using Microsoft.Extensions.Options;
using Saga.Workers.Http;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.CustomSteps;

public sealed class When_a_call_is_signed
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    // The example that the libraries for Standard Webhooks are tested with.
    [Fact]
    public void Should_have_the_signature_that_other_libraries_expect() =>
        WebhookSignature.Of([WebhookSecret.Parse(Secret)!], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8)
            .ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Fact]
    public void Should_be_signed_with_every_secret_while_one_replaces_another()
    {
        var (old, current) = (WebhookSecret.Parse(Secret)!, Encoding.ASCII.GetBytes("another secret of 32 characters!"));

        WebhookSignature.Of([current, old], "id", 1, "{}"u8).Split(' ').ShouldBe([WebhookSignature.Of([current], "id", 1, "{}"u8), WebhookSignature.Of([old], "id", 1, "{}"u8)]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Should_need_a_whole_secret(string? text) => WebhookSecret.Parse(text).ShouldBeNull();

    [Fact]
    public void Should_name_a_wrong_setting_without_its_value()
    {
        var options = new HttpStepsOptions { Secrets = { ["acme"] = [Secret, "whsec_nonsense"], ["Acme"] = [Secret], ["none"] = [] }, AllowedHosts = { "https://crm.acme.example" }, CaFile = "/nowhere.pem" };

        var failures = new HttpStepsOptionsValidation().Validate(null, options).Failures!.ToList();

        failures.Count.ShouldBe(5);
        failures[0].ShouldBe("Saga:HttpSteps:Secrets:acme:1 must be whsec_ followed by 24 to 64 random bytes in base64.");
        failures[1].ShouldStartWith("Saga:HttpSteps:Secrets: the name 'Acme' must be a-z");
        failures[2].ShouldBe("Saga:HttpSteps:Secrets:none needs at least one secret.");
        failures[3].ShouldStartWith("Saga:HttpSteps:AllowedHosts: 'https://crm.acme.example' is not");
        failures[4].ShouldStartWith("Saga:HttpSteps:CaFile is '/nowhere.pem': ");
        new HttpStepsOptionsValidation().Validate(null, new HttpStepsOptions { Secrets = { ["acme"] = [Secret] }, AllowedHosts = { "localhost", "::1", "10.0.0.7" } }).ShouldBe(ValidateOptionsResult.Success);
    }
}
