using Microsoft.Extensions.Configuration;
using Saga.Host.Startup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_mode_is_checked
{
    [Theory]
    [InlineData(null, HostMode.Embedded)]
    [InlineData("", HostMode.Embedded)]
    [InlineData("embedded", HostMode.Embedded)]
    [InlineData("local", HostMode.Local)]
    [InlineData("Real", HostMode.Real)]
    public void Should_know_the_modes(string? text, HostMode mode) =>
        ModeRules.Mode(Settings(("Saga:Mode", text))).ShouldBe(mode);

    [Theory]
    [InlineData("production")]
    [InlineData("2")]
    [InlineData("real,local")]
    public void Should_name_the_key_of_an_unknown_mode(string text)
    {
        var error = Should.Throw<StartException>(() => ModeRules.Mode(Settings(("Saga:Mode", text))));

        error.Message.ShouldBe($"Saga:Mode is '{text}'. It must be embedded (the default), local or real.");
    }

    [Theory]
    [InlineData(HostMode.Embedded, "Saga:Bus:Adapter", "rabbitmq")]
    [InlineData(HostMode.Embedded, "Saga:Identity:Adapter", "keycloak")]
    [InlineData(HostMode.Embedded, "Saga:Storage:Adapter", "s3")]
    [InlineData(HostMode.Embedded, "Saga:Cache:Adapter", "redis")]
    [InlineData(HostMode.Embedded, "Saga:Mail:Adapter", "smtp")]
    [InlineData(HostMode.Local, "Saga:Bus:Adapter", "inmemory")]
    [InlineData(HostMode.Local, "Saga:Storage:Adapter", "folder")]
    [InlineData(HostMode.Local, "Saga:Cache:Adapter", "inprocess")]
    [InlineData(HostMode.Real, "Saga:Bus:Adapter", "inmemory")]
    [InlineData(HostMode.Real, "Saga:Identity:Adapter", "embedded")]
    [InlineData(HostMode.Real, "Saga:Storage:Adapter", "folder")]
    [InlineData(HostMode.Real, "Saga:Cache:Adapter", "inprocess")]
    [InlineData(HostMode.Real, "Saga:Mail:Adapter", "folder")]
    [InlineData(HostMode.Real, "Saga:Identity:Adapter", "EMBEDDED")]
    public void Should_refuse_an_adapter_of_another_mode(HostMode mode, string key, string adapter)
    {
        var broken = ModeRules.Broken(mode, Settings((key, adapter), ("Saga:Api:Address", "http://127.0.0.1:5080")));

        broken.ShouldHaveSingleItem().ShouldStartWith($"{key} is '{adapter}', but Saga:Mode '{mode.ToString().ToLowerInvariant()}' allows only ");
    }

    [Theory]
    [InlineData(HostMode.Embedded)]
    [InlineData(HostMode.Local)]
    [InlineData(HostMode.Real)]
    public void Should_accept_its_own_defaults(HostMode mode) =>
        ModeRules.Broken(mode, new ConfigurationBuilder().AddInMemoryCollection([.. ModeRules.Defaults(mode), KeyValuePair.Create("Saga:Api:Address", (string?)"http://127.0.0.1:5080")]).Build()).ShouldBeEmpty();

    [Theory]
    [InlineData(HostMode.Embedded, "http://0.0.0.0:5080")]
    [InlineData(HostMode.Embedded, "http://[::]:5080")]
    [InlineData(HostMode.Local, "http://10.0.0.7:5080")]
    [InlineData(HostMode.Local, "http://*:5080")]
    [InlineData(HostMode.Local, "http://127.0.0.1:0")]
    [InlineData(HostMode.Local, "http://localhost.example.com:5080")]
    [InlineData(HostMode.Embedded, "http://127.0.0.1:5080;http://0.0.0.0:5081")]
    public void Should_keep_what_is_embedded_on_this_machine(HostMode mode, string address)
    {
        var broken = ModeRules.Broken(mode, Settings(("Saga:Api:Address", address)));

        broken.ShouldHaveSingleItem().ShouldStartWith($"Saga:Api:Address is '{address}', but in Saga:Mode ");
    }

    [Theory]
    [InlineData("0.0.0.0:5080")]
    [InlineData("http://0.0.0.0:5080/saga")]
    [InlineData("http://0.0.0.0:port")]
    public void Should_describe_a_valid_address(string address) =>
        ModeRules.Broken(HostMode.Real, Settings(("Saga:Api:Address", address)))
            .ShouldHaveSingleItem().ShouldBe($"Saga:Api:Address is '{address}'. It must be a scheme, a host and a port, such as http://0.0.0.0:5080.");

    [Fact]
    public void Should_ask_for_an_address_where_others_are_to_reach_it() =>
        ModeRules.Broken(HostMode.Real, Settings()).ShouldHaveSingleItem().ShouldStartWith("Saga:Api:Address must be the address to listen on");

    [Theory]
    [InlineData("Saga:Bus:RabbitMq", "amqp://saga:x@broker/saga")]
    [InlineData("Saga:Cache:Redis:ConnectionString", "cache:6379")]
    [InlineData("Saga:Storage:S3:ServiceUrl", "https://s3.example.com")]
    public void Should_not_reach_a_real_system_from_mode_local(string key, string address) =>
        ModeRules.Broken(HostMode.Local, Settings((key, address))).ShouldHaveSingleItem().ShouldStartWith($"{key} must not be set in Saga:Mode 'local'");

    [Theory]
    [InlineData(HostMode.Embedded, "Saga:Registry:ConnectionString", "Host=db.example.com;Database=saga")]
    [InlineData(HostMode.Local, "Saga:Registry:ConnectionString", "Host=10.0.0.7")]
    [InlineData(HostMode.Embedded, "Saga:Registry:ConnectionString", "Host=127.0.0.1,db.example.com")]
    [InlineData(HostMode.Embedded, "Saga:Registry:ConnectionString", "Host=localhost.example.com")]
    [InlineData(HostMode.Embedded, "Saga:Registry:ConnectionString", "Database=saga")]
    [InlineData(HostMode.Embedded, "Saga:Registry:ConnectionString", "no connection string")]
    [InlineData(HostMode.Embedded, "Saga:Databases:Servers:main:ConnectionString", "Host=db.example.com")]
    public void Should_put_nothing_embedded_beside_a_PostgreSQL_of_others(HostMode mode, string key, string address) =>
        ModeRules.Broken(mode, Settings((key, address))).ShouldHaveSingleItem().ShouldStartWith($"{key} must name a PostgreSQL on this machine in Saga:Mode ");

    [Theory]
    [InlineData(HostMode.Embedded, "Host=127.0.0.1;Port=5433;Database=saga")]
    [InlineData(HostMode.Embedded, "Host=localhost:5433,::1")]
    [InlineData(HostMode.Local, "Host=/var/run/postgresql")]
    [InlineData(HostMode.Real, "Host=db.example.com")]
    public void Should_accept_a_PostgreSQL_that_fits(HostMode mode, string address) =>
        ModeRules.Broken(mode, Settings(("Saga:Registry:ConnectionString", address), ("Saga:Api:Address", "http://127.0.0.1:5080"))).ShouldBeEmpty();

    [Fact]
    public void Should_refuse_addresses_that_go_round_the_rule() =>
        ModeRules.Broken(HostMode.Embedded, Settings(("Kestrel:Endpoints:Open:Url", "http://0.0.0.0:80"))).ShouldHaveSingleItem().ShouldStartWith("Kestrel:Endpoints ");

    [Theory]
    [InlineData(HostMode.Embedded, "http://127.0.0.1:5080")]
    [InlineData(HostMode.Local, "http://[::1]:5081")]
    [InlineData(HostMode.Embedded, "http://localhost:5080")]
    [InlineData(HostMode.Real, "http://0.0.0.0:5080")]
    public void Should_accept_an_address_that_fits(HostMode mode, string address) =>
        ModeRules.Broken(mode, Settings(("Saga:Api:Address", address))).ShouldBeEmpty();

    private static IConfiguration Settings(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();
}
