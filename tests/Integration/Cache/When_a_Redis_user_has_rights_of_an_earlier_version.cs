using System.Net.Sockets;
using System.Text;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Tenancy.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>Earlier versions allowed CLIENT TRACKING, which reports the names of all keys that anybody writes.</summary>
[IsolationSuite]
public sealed class When_a_Redis_user_has_rights_of_an_earlier_version
{
    [Fact]
    public async Task Should_take_them_back_and_end_what_they_allowed()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = CacheHost.On(server, registry);
        var tenant = await Seed.TenantAsync(registry, "acme");
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), CancellationToken.None);
        var user = $"t_{tenant.Id.Compact}";
        var password = (await host.Get<TenantCredentials>().FindAsync(tenant.Id, CredentialPurposes.Cache, CancellationToken.None))!.Password;
        await server.AskAsync($"ACL SETUSER {user} +client");
        using var tracking = new TcpClient();
        await tracking.ConnectAsync("127.0.0.1", int.Parse(server.Address.Split(':')[1]));
        await using var stream = tracking.GetStream();
        using var reader = new StreamReader(stream);
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"AUTH {user} {password}\r\n"));
        (await reader.ReadLineAsync()).ShouldBe("+OK");

        (await host.Get<RedisUserUpdate>().RunAsync(CancellationToken.None)).ShouldBe(1);

        (await reader.ReadLineAsync()).ShouldBeNull();
        (await host.Get<RedisUserUpdate>().RunAsync(CancellationToken.None)).ShouldBe(0);
        foreach (var command in new[] { "CLIENT TRACKING ON BCAST", "CLIENT LIST", "CLIENT REPLY OFF" })
            (await server.AskAsync($"AUTH {user} {password}", command)).ShouldStartWith("-NOPERM", customMessage: command);
        (await server.AskAsync($"AUTH {user} {password}", $"SET t:{tenant.Id}:a 1")).ShouldStartWith("+OK");
        (await server.AskAsync($"AUTH {user} {password}", "CLIENT SETNAME x")).ShouldStartWith("+OK");
    }

    [Fact]
    public async Task Should_remove_a_user_that_came_back_without_a_password_only()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var host = CacheHost.On(server);
        var (powerless, off) = (WorkerHost.NewTenant(), WorkerHost.NewTenant());
        await server.AskAsync($"ACL SETUSER t_{powerless.Compact} -client");
        await server.AskAsync($"ACL SETUSER t_{off.Compact} off >secret");

        await host.Get<RedisUserUpdate>().RunAsync(CancellationToken.None);

        (await server.AskAsync("ACL USERS")).ShouldSatisfyAllConditions(u => u.ShouldNotContain(powerless.Compact), u => u.ShouldContain(off.Compact));
    }
}
