using System.Text.Json;
using Saga.Contracts;
using Saga.Registry.Operations;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>
/// The body of a call, in the form that Standard Webhooks recommends. It says nothing about the attempt, so that it is the same each time as long as the
/// tenant is.
/// </summary>
internal static class EndpointBody
{
    public const string ExecuteType = "step.execute";
    public const string CompensateType = "step.compensate";

    public static byte[] Of(StepContext context, PlannedStep planned, bool forward) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            type = forward ? ExecuteType : CompensateType,
            timestamp = planned.CreatedAt.UtcDateTime,
            data = new
            {
                operation = new { id = context.OperationId, kind = planned.Kind },
                step = context.Step,
                tenant = context.HasTenant
                    ? new
                    {
                        id = context.Tenant.Id.Value, slug = context.Tenant.Slug.ToString(), name = context.Tenant.Name, plan = context.Tenant.Plan,
                        isolation = context.Tenant.Tier.ToString().ToLowerInvariant(), region = context.Tenant.Region,
                    }
                    : null,
                input = planned.Definition.NeedsInput ? context.Inputs.Command : null,
                outputs = planned.Definition.Needs.Count == 0 ? null : context.Inputs.Outputs.Where(o => o.Key != context.Step).ToDictionary(o => o.Key, o => o.Value),
                // What execute returned; absent when it has returned nothing.
                output = forward ? null : context.Inputs.Outputs.TryGetValue(context.Step, out var own) ? own : (JsonElement?)null,
            },
        },
        Json.Options);
}
