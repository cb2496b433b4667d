using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Shouldly;

namespace Saga.Tests.Support;

/// <summary>Sends commands to an API, and waits for their operations.</summary>
public static class OperationsOverHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Posts a command and waits until its operation has come to rest.</summary>
    /// <param name="http">The API, with a token.</param>
    /// <param name="path">With a leading slash.</param>
    /// <param name="body">Serialised as JSON.</param>
    /// <param name="state">The state that the operation must end in.</param>
    /// <returns>The operation.</returns>
    public static async Task<JsonElement> EndedAsync(this HttpClient http, string path, object body, string state = "completed")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        return await http.EndedAsync(request, state);
    }

    /// <summary>Sends a command and waits until its operation has come to rest.</summary>
    /// <returns>The operation.</returns>
    public static async Task<JsonElement> EndedAsync(this HttpClient http, HttpRequestMessage command, string state = "completed")
    {
        using var accepted = await http.SendAsync(command);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, $"{command.RequestUri}: {await accepted.Content.ReadAsStringAsync()}");
        return await http.RestsAsync(accepted.Headers.Location!.ToString(), state);
    }

    /// <summary>Waits until an operation has come to rest.</summary>
    /// <param name="http">The API, with a token.</param>
    /// <param name="operation">Its address.</param>
    /// <param name="state">The state that it must end in.</param>
    /// <returns>The operation.</returns>
    public static async Task<JsonElement> RestsAsync(this HttpClient http, string operation, string state)
    {
        var last = default(JsonElement);
        await Until.TrueAsync(
            async () => (last = await http.ShowAsync(operation)).GetProperty("state").GetString() is "completed" or "compensated" or "stalled" or "cancelled",
            $"{operation} ends", Patience);
        last.GetProperty("state").GetString().ShouldBe(state, last.ToString());
        return last;
    }

    /// <summary>Reads a resource.</summary>
    public static Task<JsonElement> ShowAsync(this HttpClient http, string path) => http.GetFromJsonAsync<JsonElement>(path);

    /// <summary>The output of a step of an operation that was read.</summary>
    public static JsonElement OutputOf(this JsonElement operation, string step) =>
        operation.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("name").GetString() == step).GetProperty("output");
}
