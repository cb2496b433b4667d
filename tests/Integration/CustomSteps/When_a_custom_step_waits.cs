using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

/// <summary>Over HTTP, with an orchestrator and without workers.</summary>
public sealed class When_a_custom_step_waits : ApiTest
{
    private const string Waits =
        """
        [{"name":"acme.contract.approve","workflow":"provision","wait":{"for":"approval","withinSeconds":86400}},
         {"name":"acme.contract.sign","workflow":"provision","wait":{"for":"signal","name":"contract-signed","withinSeconds":86400}},
         {"name":"acme.contract.rest","workflow":"provision","wait":{"for":"time","withinSeconds":86400}}]
        """;

    [Fact]
    public async Task Should_end_with_the_answers_that_it_waits_for()
    {
        await using var host = await EngineHost.StartAsync(Server.Registry, null, []);
        var operation = await ProvisioningAsync();
        (await WaitAsync(operation, "acme.contract.approve", "awaiting")).TryGetProperty("worker", out _).ShouldBeFalse();

        await AnswerAsync(operation, "approve", new { reason = "The price is right." });
        await AnswerAsync(operation, "signals/contract-signed", new { data = new { page = 7 } });
        await AnswerAsync(operation, "waits/acme.contract.rest/end", new { reason = "It is urgent." });

        (await WaitAsync(operation, "acme.contract.approve", "succeeded")).GetProperty("wait").GetProperty("answer").GetProperty("by").GetString().ShouldBe("ada");
        (await WaitAsync(operation, "acme.contract.sign", "succeeded")).GetProperty("output").GetProperty("data").GetProperty("page").GetInt32().ShouldBe(7);
        await WaitAsync(operation, "acme.contract.rest", "succeeded");
        (await Server.GetAsync($"/api/v1/operations/{operation}")).GetProperty("state").GetString().ShouldBe("running");
    }

    [Fact]
    public async Task Should_turn_the_operation_round_when_it_is_rejected()
    {
        await using var host = await EngineHost.StartAsync(Server.Registry, null, []);
        var operation = await ProvisioningAsync();
        await WaitAsync(operation, "acme.contract.approve", "awaiting");

        await AnswerAsync(operation, "reject", new { reason = "Too expensive." });

        await WaitAsync(operation, "acme.contract.approve", "failed");
        var shown = await Server.GetAsync($"/api/v1/operations/{operation}");
        (shown.GetProperty("state").GetString(), shown.GetProperty("failure").GetProperty("code").GetString()).ShouldBe(("compensating", "rejected"));
        await WaitAsync(operation, "acme.contract.sign", "skipped");
    }

    [Fact]
    public async Task Should_be_refused_with_its_field_when_it_is_put()
    {
        using var wrong = await PutAsync("""[{"name":"acme.contract.sign","workflow":"provision","wait":{"for":"signal","within":5}}]""");

        Pointers(await ProblemAsync(wrong, 422, "validation")).ShouldBe("/steps/0/wait/within");
    }

    private Task<HttpResponseMessage> PutAsync(string steps) => Server.Admin.PutAsync(
        new Uri("/api/v1/custom-steps", UriKind.Relative), JsonContent.Create(new { basedOn = 0, steps = JsonElement.Parse(steps), reason = "The contract." }));

    private async Task<Guid> ProvisioningAsync()
    {
        using var put = await PutAsync(Waits);
        ((int)put.StatusCode).ShouldBe(200, await put.Content.ReadAsStringAsync());
        return await Server.AcceptedAsync("acme");
    }

    private async Task AnswerAsync(Guid operation, string path, object body)
    {
        using var response = await Server.Admin.PostAsJsonAsync(new Uri($"/api/v1/operations/{operation}/{path}", UriKind.Relative), body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
    }

    // The step, as soon as it has the status.
    private async Task<JsonElement> WaitAsync(Guid operation, string step, string status)
    {
        var found = default(JsonElement);
        await Until.TrueAsync(async () =>
        {
            found = (await Server.GetAsync($"/api/v1/operations/{operation}")).GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("name").GetString() == step);
            return found.GetProperty("status").GetString() == status;
        }, $"{step} is {status}");
        return found;
    }
}
