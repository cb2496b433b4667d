using System.Net.Http.Json;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_dead_letters_are_returned : ApiTest
{
    private const string Letters = "/api/v1/dead-letters";

    [Fact]
    public async Task Should_list_them_newest_first_and_show_the_message()
    {
        var (older, newer) = (await AddAsync("saga-commands", reason: "failed"), await AddAsync("saga-operations", reason: "type-unknown"));

        (await IdsAsync("")).ShouldBe([newer, older]);
        (await IdsAsync("?queue=saga-commands")).ShouldBe([older]);
        (await IdsAsync("?reason=type-unknown")).ShouldBe([newer]);
        (await IdsAsync("?limit=1")).ShouldBe([newer]);
        var letter = await JsonAsync($"{Letters}/{older}");
        letter.GetProperty("body").GetProperty("name").GetString().ShouldBe("Acme");
        letter.GetProperty("returnable").GetBoolean().ShouldBeTrue();
        letter.GetProperty("times").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Should_put_it_into_the_outbox_once_under_its_own_id_and_say_who_did()
    {
        var id = await AddAsync("saga-commands");

        using var returned = await ReturnAsync(id, new { reason = "The plan exists now." });
        using var again = await ReturnAsync(id, new { reason = "Once more." });

        ((int)returned.StatusCode).ShouldBe(202);
        var view = await ApiServer.JsonAsync(returned);
        view.GetProperty("returnedBy").GetString().ShouldNotBeNullOrEmpty();
        await ProblemAsync(again, 409, "dead-letter-returned");
        (await Server.QueryAsync<string>("select destination || ' ' || message_type || ' ' || body from outbox")).ShouldBe("""saga-commands Saga.Contracts.Commands.ProvisionTenant {"name": "Acme"}""");
        (await Server.QueryAsync<bool>($"select o.message_id = d.message_id from outbox o, dead_letters d where d.id = '{id}'")).ShouldBeTrue();
        (await Server.QueryAsync<string>("select action || ': ' || (detail->>'reason') from audit")).ShouldBe("deadLetter.return: The plan exists now.");
        (await IdsAsync("?state=waiting")).ShouldBeEmpty();
        (await IdsAsync("?state=returned")).ShouldBe([id]);
    }

    [Fact]
    public async Task Should_not_return_unreadable_messages()
    {
        var id = await AddAsync("saga-commands", type: "null", body: "bm8gSlNPTg==", binary: true);

        using var refused = await ReturnAsync(id, new { reason = "Please." });

        await ProblemAsync(refused, 409, "dead-letter-not-returnable");
        (await JsonAsync($"{Letters}/{id}")).GetProperty("bodyBase64").GetString().ShouldBe("bm8gSlNPTg==");
        (await Server.QueryAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_ask_for_a_reason()
    {
        var id = await AddAsync("saga-commands");

        using var none = await ReturnAsync(id, new { });
        using var blank = await ReturnAsync(id, new { reason = " " });
        using var other = await ReturnAsync(id, new { reason = "ok", force = true });

        Pointers(await ProblemAsync(none, 422, "validation")).ShouldBe("/reason");
        Pointers(await ProblemAsync(blank, 422, "validation")).ShouldBe("/reason");
        Pointers(await ProblemAsync(other, 422, "validation")).ShouldBe("/force");
        (await Server.QueryAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_say_that_there_is_none()
    {
        using var shown = await Server.Admin.GetAsync(new Uri($"{Letters}/{Guid.CreateVersion7()}", UriKind.Relative));
        using var returned = await ReturnAsync(Guid.CreateVersion7(), new { reason = "Please." });

        await ProblemAsync(shown, 404, "dead-letter-not-found");
        await ProblemAsync(returned, 404, "dead-letter-not-found");
    }

    [Fact]
    public async Task Should_be_for_administrators()
    {
        using var refused = await ReadAsync(Letters, Server.Viewer);

        await ProblemAsync(refused, 403, "forbidden");
    }

    private Task<HttpResponseMessage> ReturnAsync(Guid id, object body) =>
        Server.Admin.PostAsync(new Uri($"{Letters}/{id}/return", UriKind.Relative), JsonContent.Create(body));

    private async Task<IReadOnlyList<Guid>> IdsAsync(string query) =>
        [.. (await JsonAsync(Letters + query)).GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetGuid())];

    private async Task<JsonElement> JsonAsync(string path)
    {
        using var response = await Server.Admin.GetAsync(new Uri(path, UriKind.Relative));
        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        return await ApiServer.JsonAsync(response);
    }

    private Task<Guid> AddAsync(string queue, string reason = "failed", string type = "'Saga.Contracts.Commands.ProvisionTenant'", string body = """{"name": "Acme"}""", bool binary = false) =>
        Server.QueryAsync<Guid>(
            $"""
            insert into dead_letters (id, queue, message_id, message_type, body, is_binary, reason, detail)
            values (gen_random_uuid(), '{queue}', gen_random_uuid(), {type}, '{body}', {binary}, '{reason}', 'It broke.') returning id
            """);
}
