using System.Text.Json;

namespace Saga.Tests.Support.Webhooks;

/// <summary>A call that an endpoint received, with its signature checked.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">The path and the query.</param>
/// <param name="Id">The header <c>webhook-id</c>.</param>
/// <param name="At">The header <c>webhook-timestamp</c>.</param>
/// <param name="ValidSignatures">How many of its signatures are those of a secret of the endpoint.</param>
/// <param name="Text">The body.</param>
public sealed record EndpointCall(string Method, string Path, string Id, DateTimeOffset At, int ValidSignatures, string Text)
{
    public JsonElement Body => JsonElement.Parse(Text);

    public string Type => Body.GetProperty("type").GetString()!;

    public string Step => Body.GetProperty("data").GetProperty("step").GetString()!;

    public string Slug => Body.GetProperty("data").GetProperty("tenant").GetProperty("slug").GetString()!;
}
