using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Keycloak.Check;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>The start names what Keycloak, the realm or the service account lacks, so that the first tenant does not have to.</summary>
public sealed class When_Keycloak_lacks_something
{
    public static TheoryData<KeycloakStubOptions, string[]> Lacking => new()
    {
        { new() { ServiceAccountRoles = ["manage-users"] }, ["lacks the role manage-organizations"] },
        { new() { ServiceAccountRoles = ["manage-organizations"] }, ["lacks the role manage-users"] },
        { new() { ServiceAccountRoles = [] }, ["lacks the role manage-organizations", "lacks the role manage-users"] },
        { new() { OrganizationsEnabled = false }, ["organizationsEnabled"] },
        { new() { OrganizationsEnabled = false, ServiceAccountRoles = ["manage-users"] }, ["organizationsEnabled", "lacks the role manage-organizations"] },
        { new() { UnmanagedUserAttributes = false }, ["ADMIN_EDIT"] },
        { new() { OrganizationGroups = false }, ["Upgrade to 26.7 or newer"] },
        { new() { Version = "26.6.4", ServiceAccountRoles = ["manage-realm", "manage-users"] }, ["Keycloak 26.6.4 has no groups", "Upgrade to 26.7 or newer"] },
    };

    [Theory]
    [MemberData(nameof(Lacking))]
    public async Task Should_name_it_and_end_the_start(KeycloakStubOptions options, string[] named)
    {
        await using var stub = await KeycloakStub.StartAsync(options);

        var error = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(stub.Settings));

        var faults = error.Failures.ToList();
        faults.ShouldAllBe(f => f.StartsWith("Saga:Identity:Keycloak: ", StringComparison.Ordinal));
        var words = string.Join('\n', faults);
        foreach (var expected in named)
            words.ShouldContain(expected, Case.Sensitive);
        stub.Violations.ShouldBeEmpty();
        (stub.Organizations.Count, stub.Users.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Should_name_a_secret_that_is_refused()
    {
        await using var stub = await KeycloakStub.StartAsync();

        var error = await Should.ThrowAsync<OptionsValidationException>(
            () => StartAsync(new Dictionary<string, string?>(stub.Settings, StringComparer.Ordinal) { ["Saga:Identity:Keycloak:ClientSecret"] = "another" }));

        error.Failures.ShouldHaveSingleItem().ShouldContain(":ClientSecret");
    }

    [Theory]
    [InlineData("manage-organizations")]
    [InlineData("manage-realm")]
    public async Task Should_start_when_nothing_is_missing(string role)
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { ServiceAccountRoles = [role, "manage-users"] });

        await StartAsync(stub.Settings);

        stub.Violations.ShouldBeEmpty();
        (stub.Organizations.Count, stub.Users.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Should_start_without_an_answer_and_check_later()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { ServiceAccountRoles = ["manage-users"] });
        stub.Arm("*", "*", new KeycloakFault { Drop = true }, times: int.MaxValue);
        var time = new TestClock();
        using var host = Build(stub.Settings, time);
        await host.StartAsync();
        stub.Calls.ShouldAllBe(c => c.Status == 0);

        stub.Disarm();
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(31));
            return Task.FromResult(stub.Calls.Any(c => c is { Route: "organizations", Status: 403 }));
        });

        await host.StopAsync();
    }

    private static async Task StartAsync(IReadOnlyDictionary<string, string?> settings)
    {
        using var host = Build(settings, TimeProvider.System);
        await host.StartAsync();
        await host.StopAsync();
    }

    private static IHost Build(IReadOnlyDictionary<string, string?> settings, TimeProvider time)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([.. settings, new("Saga:Registry:ConnectionString", "Host=nowhere.invalid"), new("Saga:Identity:Keycloak:Retries", "0")]);
        builder.Services.AddSingleton(time).AddDirectory(builder.Configuration);
        // Without the registry's services, which would wait for its database.
        foreach (var other in builder.Services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType != typeof(CheckKeycloakAtStart)).ToList())
            builder.Services.Remove(other);
        return builder.Build();
    }
}
