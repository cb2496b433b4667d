using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_read_replicas_are_configured
{
    [Fact]
    public void Should_be_known_by_name_with_the_addresses_for_tenants()
    {
        var options = Bind(("b:Host", "10.0.0.2"), ("b:Zone", "eu-1b"), ("a:Host", "10.0.0.1"), ("a:Port", "5433"), ("a:PublicHost", "a.db.example"), ("a:PublicPort", "6432"));
        var servers = new DatabaseServers(Options.Create(options), Options.Create(new LockOptions()), new(Options.Create(new ConnectionBudgetOptions()), TimeProvider.System));

        new DatabasesOptionsValidation().Validate(null, options).Succeeded.ShouldBeTrue();
        servers.Describe().Single().Replicas.ShouldBe([new("a", "a.db.example", 6432, null), new("b", "10.0.0.2", 5432, "eu-1b")]);
        servers.ReplicasOf("elsewhere").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("b:Port", "5432", "Replicas:b:Host must be the replica's host name or address.")]
    [InlineData("b:Host", "a,b", "Replicas:b:Host must be the replica's host name or address.")]
    [InlineData("B:Host", "b", "Replicas:B: a replica's name is 1 to 40 characters, a-z, 0-9 and '-', starting with a letter.")]
    [InlineData("b:Port", "0", "Replicas:b:Port must be a port, 1 to 65535.")]
    [InlineData("b:PublicPort", "70000", "Replicas:b:PublicPort must be a port, 1 to 65535.")]
    [InlineData("b:PublicHost", "a b", "Replicas:b:PublicHost must be a host name or an address.")]
    [InlineData("b:Zone", "", "Replicas:b:Zone must be 1 to 63 characters on one line.")]
    public void Should_be_refused_at_start_with_the_key(string key, string value, string expected) =>
        new DatabasesOptionsValidation().Validate(null, Bind((key, value))).Failures!.ShouldContain($"Saga:Databases:Servers:main:{expected}");

    private static DatabasesOptions Bind(params (string Key, string Value)[] replicas)
    {
        var options = new DatabasesOptions();
        new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("Servers:main:ConnectionString", "Host=db;Username=u"), .. replicas.Select(r => KeyValuePair.Create<string, string?>($"Servers:main:Replicas:{r.Key}", r.Value)),
            ])
            .Build().Bind(options);
        return options;
    }
}
