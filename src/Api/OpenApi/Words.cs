using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Saga.Api.Operations;
using Saga.Engine.Operations;

namespace Saga.Api.OpenApi;

/// <summary>Lists the words of members that are text in the code because a word of a newer version may come through them.</summary>
internal static class Words
{
    public static void Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        switch (context.JsonPropertyInfo)
        {
            case { Name: "state" } property when property.DeclaringType.IsAssignableTo(typeof(OperationSummaryView)):
                schema.Enum = [.. OperationStateNames.All.Append(OperationStateNames.Unknown).Select(Node)];
                schema.Description = "unknown when a newer version wrote a state that this one does not know: storedState has it.";
                break;
            case { Name: "status" } property when property.DeclaringType == typeof(StepView):
                schema.Enum = [.. StepStatusNames.All.Select(StepStatusNames.Shown).Append(StepStatusNames.Unknown).Select(Node)];
                schema.Description = "unknown when a newer version wrote a status that this one does not know: storedStatus has it.";
                break;
            case { Name: "storedState" or "storedStatus" }:
                schema.Description = "As it is stored; only when it is unknown to this version.";
                break;
            case { Name: "heldBy" } property when property.DeclaringType == typeof(StepView):
                schema.Deprecated = true;
                schema.Description = "The former name of deferredBy.";
                break;
        }
    }

    private static JsonNode Node(string word) => JsonValue.Create(word);
}
