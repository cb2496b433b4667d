using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Host.Embedded.Identity;
using Saga.Workers.Identity;
using Saga.Workers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_identity_is_configured_wrongly
{
    private static readonly Dictionary<string, string?> Keycloak = new(StringComparer.Ordinal)
    {
        ["Saga:Registry:ConnectionString"] = "Host=nowhere",
        ["Saga:Identity:Adapter"] = "keycloak",
        ["Saga:Identity:Keycloak:BaseUrl"] = "https://id.example.com",
        ["Saga:Identity:Keycloak:Realm"] = "saga",
        ["Saga:Identity:Keycloak:ClientId"] = "control-plane",
        ["Saga:Identity:Keycloak:ClientSecret"] = "a secret",
    };

    [Fact]
    public void Should_start_when_all_is_said() => Should.NotThrow(() => Start(s => s.AddResource<IdentityModule>(Configuration(Keycloak))));

    [Theory]
    [InlineData("Saga:Identity:Adapter", null)]
    [InlineData("Saga:Identity:Adapter", "ldap")]
    [InlineData("Saga:Identity:Keycloak:BaseUrl", null)]
    [InlineData("Saga:Identity:Keycloak:BaseUrl", "id.example.com")]
    [InlineData("Saga:Identity:Keycloak:Realm", null)]
    [InlineData("Saga:Identity:Keycloak:Realm", "a/b")]
    [InlineData("Saga:Identity:Keycloak:ClientId", null)]
    [InlineData("Saga:Identity:Keycloak:ClientSecret", null)]
    [InlineData("Saga:Identity:Keycloak:MaxConcurrency", "0")]
    [InlineData("Saga:Identity:Keycloak:TimeoutSeconds", "0")]
    [InlineData("Saga:Identity:Keycloak:Retries", "-1")]
    public void Should_name_the_key_and_what_it_expects(string key, string? value)
    {
        var settings = new Dictionary<string, string?>(Keycloak, StringComparer.Ordinal) { [key] = value };

        var error = Should.Throw<OptionsValidationException>(() => Start(s => s.AddResource<IdentityModule>(Configuration(settings))));

        error.Message.ShouldContain($"{key} must be", Case.Sensitive);
        error.Message.ShouldNotContain("a secret");
    }

    [Theory]
    [InlineData("real")]
    [InlineData(null)]
    [InlineData("")]
    public void Should_not_start_the_embedded_directory_beside_real_systems(string? mode)
    {
        var settings = Configuration(new() { ["Saga:Registry:ConnectionString"] = "Host=nowhere", ["Saga:Mode"] = mode, ["Saga:Identity:Adapter"] = "embedded" });

        Should.Throw<OptionsValidationException>(() => Start(s => s.AddResource<IdentityModule>(settings))).Message.ShouldContain("Saga:Mode");
        using var services = new ServiceCollection().AddDirectory(settings).BuildServiceProvider();
        Should.Throw<OptionsValidationException>(services.GetRequiredService<IDirectory>).Message.ShouldContain("Saga:Mode");
    }

    [Theory]
    [InlineData("Saga:Mode", "real")]
    [InlineData("Saga:Mode", null)]
    [InlineData("Saga:Identity:Embedded:Issuer", null)]
    [InlineData("Saga:Identity:Embedded:Issuer", "http://id.example.com/identity")]
    [InlineData("Saga:Identity:Embedded:Issuer", "http://127.0.0.1:5080/")]
    [InlineData("Saga:Identity:Embedded:Folder", null)]
    [InlineData("Saga:Identity:Embedded:TokenLifetimeMinutes", "0")]
    public void Should_not_start_the_embedded_issuer(string key, string? value)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Saga:Mode"] = "embedded",
            ["Saga:Identity:Embedded:Issuer"] = "http://127.0.0.1:5080/identity",
            ["Saga:Identity:Embedded:Folder"] = "/nowhere",
        };
        Should.NotThrow(() => Start(s => s.AddEmbeddedIssuer(Configuration(settings))));
        settings[key] = value;

        Should.Throw<OptionsValidationException>(() => Start(s => s.AddEmbeddedIssuer(Configuration(settings)))).Message.ShouldContain(key);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("passpasspasspasspass")]
    public void Should_not_take_a_client_with_a_secret_that_can_be_guessed(string secret)
    {
        var settings = Configuration(new()
        {
            ["Saga:Mode"] = "embedded",
            ["Saga:Identity:Embedded:Issuer"] = "http://127.0.0.1:5080/identity",
            ["Saga:Identity:Embedded:Folder"] = "/nowhere",
            ["Saga:Identity:Embedded:Clients:0:Id"] = "console",
            ["Saga:Identity:Embedded:Clients:0:Secret"] = secret,
        });

        Should.Throw<OptionsValidationException>(() => Start(s => s.AddEmbeddedIssuer(settings))).Message.ShouldContain("console");
    }

    private static IConfiguration Configuration(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

    private static void Start(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        add(services);
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }
}
