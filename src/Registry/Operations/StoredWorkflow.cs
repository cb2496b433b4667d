using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Saga.Contracts;
using Saga.Engine.Workflows;

namespace Saga.Registry.Operations;

/// <summary>A workflow as stored in the table <c>workflows</c>, identified by its content.</summary>
/// <param name="Digest">SHA-256 of <paramref name="Json"/>, in lower-case hexadecimal digits.</param>
/// <param name="Json">The definition.</param>
public sealed record StoredWorkflow(string Digest, string Json, WorkflowDefinition Definition)
{
    public static StoredWorkflow Of(WorkflowDefinition definition)
    {
        var json = JsonSerializer.Serialize(definition, Contracts.Json.Options);
        return new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))), json, definition);
    }
}
