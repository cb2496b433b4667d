using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Saga.Tests.Support.Keycloak.OpenApi;

namespace Saga.Tests.Support.Keycloak;

/// <summary>One call and its response, each checked against Keycloak's OpenAPI document.</summary>
internal sealed class Conversation
{
    private readonly ConcurrentQueue<string> violations;
    private readonly OpenApiOperation? operation;

    public Conversation(ConcurrentQueue<string> violations, HttpRequest request, string body)
    {
        this.violations = violations;
        if (KeycloakContract.Document is not { } document)
            return;
        operation = document.Find(request.Method, request.Path.Value!);
        if (operation is null)
        {
            violations.Enqueue($"{request.Method} {request.Path}: no such operation");
            return;
        }

        var query = request.Query.SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v ?? "")));
        foreach (var violation in operation.CheckRequest(query, request.ContentType, body))
            violations.Enqueue("request: " + violation);
    }

    public void Check(int status, string? contentType, string body)
    {
        foreach (var violation in operation?.CheckAnswer(status, contentType, body, KeycloakContract.Deviates) ?? [])
            violations.Enqueue("answer: " + violation);
    }
}
