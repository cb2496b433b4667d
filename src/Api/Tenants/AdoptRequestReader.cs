using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Tenants;

/// <summary>Reads the body as a command, like every door. Over HTTP the idempotency key is a header.</summary>
internal static class AdoptRequestReader
{
    public static AdoptTenant? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
        CommandReader.Read<AdoptTenant>(body, hasKey: false, out errors) is { } command ? command with { IdempotencyKey = idempotencyKey } : null;
}
