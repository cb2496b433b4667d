using System.Text.Json.Nodes;

namespace Saga.Tests.Support.Keycloak;

/// <summary>A call to a real Keycloak and its response. Ids are <c>&lt;id-n&gt;</c>, numbered within the case.</summary>
/// <param name="Case">The test that made it. The calls of one case had a realm of their own.</param>
/// <param name="Caller"><c>service</c>: the service account; <c>open</c>: no token; otherwise what is wrong with the token.</param>
/// <param name="Method">In capitals.</param>
/// <param name="Url">Below the server's address, with <c>{realm}</c> for the realm's name.</param>
/// <param name="Body">The body sent; a string when it was no JSON object or array.</param>
/// <param name="Status">The response's status.</param>
/// <param name="Location">The response's Location header.</param>
/// <param name="Answer">The response's body.</param>
public sealed record RecordedCall(string Case, string Caller, string Method, string Url, JsonNode? Body, int Status, string? Location, JsonNode? Answer);

public static class RecordedCalls
{
    private static readonly Lazy<IReadOnlyList<RecordedCall>> All = new(Load);

    /// <summary>500 calls to Keycloak 26.7.3, in their order within each case. How users and realms were set up beforehand is not in them.</summary>
    public static IReadOnlyList<RecordedCall> Read() => All.Value;

    /// <summary>One case's calls. Those that raced are recorded in the order in which they were answered; here the winner goes first.</summary>
    public static IReadOnlyList<RecordedCall> Of(string recorded)
    {
        var calls = Read().Where(c => c.Case == recorded).ToList();
        return !IsRace(recorded) ? calls : [.. calls.Take(1), .. calls.Skip(1).OrderBy(c => c.Method != "POST" ? 2 : c.Status == 201 ? 0 : 1)];
    }

    /// <summary>Whether the case's calls were made at the same time.</summary>
    public static bool IsRace(string recorded) => recorded.Contains("_of_racing_", StringComparison.Ordinal);

    private static IReadOnlyList<RecordedCall> Load()
    {
        using var stream = typeof(RecordedCalls).Assembly.GetManifestResourceStream("keycloak-26.7.3-calls.jsonl")!;
        using var reader = new StreamReader(stream);
        var calls = new List<RecordedCall>();
        while (reader.ReadLine() is { } line)
        {
            var call = JsonNode.Parse(line)!.AsObject();
            calls.Add(new(
                Text(call, "case")!, Text(call, "as")!, Text(call, "method")!, Text(call, "url")!, call["body"], call["status"]!.GetValue<int>(),
                call["headers"]?["location"]?.GetValue<string>(), call["answer"]));
        }

        return calls;
    }

    private static string? Text(JsonObject call, string name) => call[name]?.GetValue<string>();
}
