using Saga.Registry.Connections;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Connections;

public sealed class When_processes_share_a_server
{
    private const string Registry = "Saga:Registry";
    private const string Main = "Saga:Databases:Servers:main";
    private static readonly ServerIdentity One = new("7436/1", 100, 3);
    private static readonly ServerIdentity Two = new("9512/1", 50, 3);

    [Fact]
    public void Should_count_all_names_of_a_server_together()
    {
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());

        var total = ServerTotal.Of([(a, new(Registry, 10, One)), (b, new(Registry, 10, One)), (b, new(Main, 16, One))]).ShouldHaveSingleItem();

        total.Servers.ShouldBe([Main, Registry]);
        (total.Processes, total.Connections).ShouldBe((2, 36));
        total.IsTooMuch.ShouldBeFalse();
    }

    [Fact]
    public void Should_count_servers_apart()
    {
        var process = Guid.NewGuid();

        var totals = ServerTotal.Of([(process, new(Registry, 40, One)), (process, new(Main, 48, Two))]);

        totals.Select(t => (t.Servers.Single(), t.Connections, t.IsTooMuch)).ShouldBe([(Main, 48, true), (Registry, 40, false)]);
    }

    [Fact]
    public void Should_take_the_word_of_others_for_a_server_that_a_process_cannot_ask()
    {
        var total = ServerTotal.Of([(Guid.NewGuid(), new(Main, 16, Two)), (Guid.NewGuid(), new(Main, 16)), (Guid.NewGuid(), new(Main, 16))]).ShouldHaveSingleItem();

        (total.Processes, total.Connections, total.IsTooMuch).ShouldBe((3, 48, true));
    }

    [Fact]
    public void Should_not_judge_a_server_that_nobody_knows()
    {
        var total = ServerTotal.Of([(Guid.NewGuid(), new(Main, 10_000))]).ShouldHaveSingleItem();

        total.IsTooMuch.ShouldBeFalse();
        total.Describe().ShouldContain(Main);
    }

    [Theory, InlineData(97, false), InlineData(98, true)]
    public void Should_leave_what_the_server_reserves(int connections, bool tooMuch) =>
        ServerTotal.Of([(Guid.NewGuid(), new(Registry, connections, One))]).Single().IsTooMuch.ShouldBe(tooMuch);

    [Fact]
    public void Should_say_what_to_change()
    {
        var process = Guid.NewGuid();

        var words = ServerTotal.Of([(process, new(Registry, 90, One)), (process, new(Main, 16, One)), (process, new("Saga:Databases:Servers:other", 16, One))]).Single().Describe();

        words.ShouldBe(
            "1 process may open 122 connections to the PostgreSQL server of Saga:Databases:Servers:main, Saga:Databases:Servers:other and Saga:Registry, which allows 97 (max_connections = 100, 3 of them reserved). " +
            "Set its max_connections to 125 or more, lower Saga:Databases:MaxConnectionsPerServer or Saga:Registry:MaxConnections, or run fewer processes.");
    }
}
