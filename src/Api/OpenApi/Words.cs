using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Saga.Api.Operations;
using Saga.Engine.Operations;

namespace Saga.Api.OpenApi;

/// <summary>Lists the values of members that are strings in the code because they may contain values from a newer version.</summary>
internal static class Words
{
    // Generated clients name their types after these schemas, so they must exist although the members are strings in the code.
    private static readonly (string Owner, string Member, string Schema)[] Named =
    [
        (nameof(OperationSummaryView), "state", nameof(OperationState)),
        (nameof(OperationView), "state", nameof(OperationState)),
        (nameof(StepView), "status", nameof(StepStatus)),
    ];

    /// <summary>Gives the lists of values names of their own, to which the members refer.</summary>
    public static void Name(OpenApiDocument document)
    {
        var schemas = document.Components!.Schemas!;
        foreach (var (owner, member, schema) in Named)
        {
            var members = ((OpenApiSchema)schemas[owner]).Properties!;
            schemas.TryAdd(schema, members[member]);
            members[member] = new OpenApiSchemaReference(schema, document);
        }
    }

    public static void Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        switch (context.JsonPropertyInfo)
        {
            case { Name: "state" } property when property.DeclaringType.IsAssignableTo(typeof(OperationSummaryView)):
                schema.Enum = [.. OperationStateNames.All.Append(OperationStateNames.Unknown).Select(Node)];
                schema.Description = "unknown when a newer version wrote a state that this version does not know; storedState then contains it.";
                break;
            case { Name: "status" } property when property.DeclaringType == typeof(StepView):
                schema.Enum = [.. StepStatusNames.All.Select(StepStatusNames.Shown).Append(StepStatusNames.Unknown).Select(Node)];
                schema.Description = "unknown when a newer version wrote a status that this version does not know; storedStatus then contains it.";
                break;
            case { Name: "storedState" or "storedStatus" }:
                schema.Description = "The stored value; present only when this version does not know it.";
                break;
            case { Name: "heldBy" } property when property.DeclaringType == typeof(StepView):
                schema.Deprecated = true;
                schema.Description = "The former name of deferredBy.";
                break;
        }
    }

    private static JsonNode Node(string word) => JsonValue.Create(word);
}
