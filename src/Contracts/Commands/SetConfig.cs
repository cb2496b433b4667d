using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Gives a tenant its own value for a setting or a feature, or takes it back. Send it to <see cref="Endpoints.Config"/>; the answer is
/// <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>. The broker keeps messages as they are, so send secrets over HTTP.
/// </summary>
public sealed record SetConfig
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>A setting of the tenant's plan, or <c>features.</c> and the name of a feature.</summary>
    public required string ConfigKey { get; init; }

    /// <summary>The value, by the rules of the plan.</summary>
    public JsonElement? ConfigValue { get; init; }

    /// <summary>Whether the value is stored encrypted and never shown; false when absent.</summary>
    public bool? IsEncrypted { get; init; }

    /// <summary>Whether the tenant's own value is taken back, encrypted or not, so that the plan's counts; then no value is given. False when absent.</summary>
    public bool? Remove { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header. Encrypted values are not compared.</summary>
    public string? IdempotencyKey { get; init; }
}
