using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Saga.Api.Tenants;

/// <summary>One value of a tenant's configuration.</summary>
public sealed record ConfigView
{
    public required string Key { get; init; }

    /// <summary>The value that counts; absent when it is encrypted.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>Whether the value is stored encrypted. Such a value is never shown.</summary>
    public required bool Encrypted { get; init; }

    /// <summary>tenant for the tenant's own value, plan for the plan's, generated for one that was made for the tenant.</summary>
    public required string Source { get; init; }
}

/// <summary>The body of PUT /api/v1/tenants/{idOrSlug}/config/{key}.</summary>
public sealed record PutConfigRequest
{
    [Required, Description("The value, by the rules of the tenant's plan.")]
    public JsonElement? Value { get; init; }

    [Description("Whether it is stored encrypted and never shown; false when absent.")]
    public bool? Encrypted { get; init; }
}

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/config.</summary>
public sealed record PostConfigRequest
{
    [Required, Description("A setting of the tenant's plan, or features. and the name of a feature.")]
    public string? ConfigKey { get; init; }

    [Required, Description("The value, by the rules of the tenant's plan.")]
    public JsonElement? ConfigValue { get; init; }

    [Description("Whether it is stored encrypted and never shown; false when absent.")]
    public bool? IsEncrypted { get; init; }
}
