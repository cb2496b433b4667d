using Microsoft.Extensions.Options;
using Saga.Lifecycle.Domains;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Domains;

public sealed class When_txt_records_are_read : IAsyncLifetime
{
    private const string Name = "_saga-challenge.acme.example";
    private readonly DnsResponder dns = DnsResponder.Start();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => dns.DisposeAsync();

    [Fact]
    public async Task Should_find_all_of_a_name()
    {
        dns.Records[Name] = ["one", "two"];

        (await ReadAsync()).ShouldBe(["one", "two"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_join_the_parts_of_a_long_one_and_fetch_it_over_tcp()
    {
        var text = new string('a', 300) + new string('b', 700);
        dns.Records[Name] = [text];

        (await ReadAsync()).ShouldBe([text]);
        dns.OverTcp.ShouldBe(1);
    }

    [Fact]
    public async Task Should_follow_an_alias()
    {
        dns.Aliases[Name] = "proofs.host.example";
        dns.Records["proofs.host.example"] = ["one"];

        (await ReadAsync()).ShouldBe(["one"]);
    }

    [Fact]
    public async Task Should_find_none_where_there_is_none() => (await ReadAsync()).ShouldBeEmpty();

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Should_not_take_a_servers_failure_for_an_answer(int code)
    {
        dns.Code = code;

        await Should.ThrowAsync<DnsUnavailableException>(ReadAsync);
    }

    [Fact]
    public async Task Should_not_take_silence_for_an_answer()
    {
        dns.Code = -1;

        await Should.ThrowAsync<DnsUnavailableException>(ReadAsync);
    }

    [Fact]
    public async Task Should_see_a_new_record_at_once()
    {
        await ReadAsync();
        dns.Records[Name] = ["one"];

        (await ReadAsync()).ShouldBe(["one"]);
    }

    [Theory]
    [InlineData("dns.example")]
    [InlineData("1.2.3.4.5")]
    public void Should_take_only_addresses_as_servers(string server) =>
        new DomainsOptions { NameServers = { server } }.Validate(new(new())).ShouldHaveSingleItem().ErrorMessage.ShouldNotBeNull().ShouldContain(server);

    private Task<IReadOnlyList<string>> ReadAsync() =>
        new DnsTxtRecords(Options.Create(new DomainsOptions { NameServers = { dns.Address }, TimeoutSeconds = 1 })).ReadAsync(Name, TestContext.Current.CancellationToken);
}
