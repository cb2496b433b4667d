using System.Net.Http.Json;
using System.Text.Json;

namespace Saga.Tests.Integration.Api;

/// <summary>Orders replays.</summary>
public abstract class ReplayTest : ApiTest
{
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
}
