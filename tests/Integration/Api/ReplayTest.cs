using System.Net.Http.Json;
using System.Text.Json;

namespace Saga.Tests.Integration.Api;

/// <summary>Orders replays.</summary>
public abstract class ReplayTest : ApiTest
{
    protected const string Failure = """{"code":"broken","message":"It is broken.","kind":"permanent"}""";

    protected async Task<HttpResponseMessage> PostAsync(Guid id, object body, string query = "", string? key = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/operations/{id}/replay{query}") { Content = JsonContent.Create(body, options: JsonSerializerOptions.Web) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }

    /// <summary>The fields that the order is refused for.</summary>
    protected async Task<IEnumerable<string?>> PointersAsync(Guid id, object body)
    {
        using var response = await PostAsync(id, body);
        return [.. (await ProblemAsync(response, 422, "validation")).GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString())];
    }

    /// <summary>A provisioning whose last step failed.</summary>
    protected async Task<Guid> StalledAsync()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync(
            $"""
            insert into operation_steps (operation_id, step, status, fence, attempt, failure)
            select o.id, s.value ->> 'name', case s.value ->> 'name' when 'administrator.notify' then 'failed' else 'succeeded' end, 1, 1,
                case s.value ->> 'name' when 'administrator.notify' then '{Failure}'::jsonb end
            from operations o join workflows w on w.digest = o.workflow_digest, jsonb_array_elements(w.definition -> 'steps') s where o.id = '{id}';
            update operations set state = 'stalled', failure = '{Failure}'::jsonb
            """);
        return id;
    }
}
