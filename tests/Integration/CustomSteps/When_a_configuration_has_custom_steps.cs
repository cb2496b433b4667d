using Microsoft.Extensions.Options;
using Saga.Tests.Integration.Api;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_a_configuration_has_custom_steps
{
    private static readonly (string, string)[] One =
    [
        ("Saga:CustomSteps:Steps:0:Name", "acme.crm.register"), ("Saga:CustomSteps:Steps:0:Workflow", "provision"), ("Saga:CustomSteps:Steps:0:After:0", "organization.create"),
        ("Saga:CustomSteps:Steps:0:Http:ExecuteUrl", "https://crm.acme.example/register"), ("Saga:CustomSteps:Steps:0:Http:CompensateUrl", "https://crm.acme.example/forget"),
        ("Saga:CustomSteps:Steps:0:Http:Secret", "acme"), ("Saga:CustomSteps:Steps:0:MaxAttempts", "9"),
    ];

    [Fact]
    public async Task Should_put_them_once_and_leave_what_was_put_since()
    {
        await using var first = await ApiServer.StartAsync(settings: One);
        var registry = first.RegistryAddress;
        var put = await first.GetAsync("/api/v1/custom-steps");
        (put.GetProperty("version").GetInt32(), put.GetProperty("setBy").GetString()).ShouldBe((1, "system:configuration"));
        var step = put.GetProperty("steps")[0];
        (step.GetProperty("name").GetString(), step.GetProperty("maxAttempts").GetInt32(), step.GetProperty("http").GetProperty("secret").GetString()).ShouldBe(("acme.crm.register", 9, "acme"));
        await using (var second = await ApiServer.StartAsync(registry, settings: One))
            (await VersionAsync(second)).ShouldBe(1);

        await first.ExecuteAsync("insert into custom_steps (version, steps, set_by, set_at) values (2, '[]', 'ada', now())");
        await using (var third = await ApiServer.StartAsync(registry, settings: One))
            (await VersionAsync(third)).ShouldBe(2, "the configuration has not changed");
        await using (var none = await ApiServer.StartAsync(registry))
            (await VersionAsync(none)).ShouldBe(2, "a configuration without a list says nothing");
        await using var other = await ApiServer.StartAsync(registry, settings: [.. One[..^1], ("Saga:CustomSteps:Steps:0:MaxAttempts", "8")]);
        (await VersionAsync(other)).ShouldBe(3);
    }

    [Fact]
    public async Task Should_not_start_with_a_wrong_list()
    {
        var error = await Should.ThrowAsync<OptionsValidationException>(() => ApiServer.StartAsync(
            settings: [.. One, ("Saga:CustomSteps:Steps:0:Before:0", "nothing"), ("Saga:CustomSteps:Steps:1:Name", "x")]));

        error.Failures.First().ShouldStartWith("Saga:CustomSteps:Steps:1:name: must have at least three parts");

        (await Should.ThrowAsync<OptionsValidationException>(() => ApiServer.StartAsync(settings: [.. One, ("Saga:CustomSteps:Steps:0:Before:0", "nothing")])))
            .Failures.ShouldHaveSingleItem().ShouldStartWith("Saga:CustomSteps:Steps:0:before: 'nothing' is not a step of workflow 'provision'; there are placement.reserve");
    }

    private static async Task<int> VersionAsync(ApiServer server) => (await server.GetAsync("/api/v1/custom-steps")).GetProperty("version").GetInt32();
}
