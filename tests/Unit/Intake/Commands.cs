using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Tests.Unit.Intake;

internal static class Commands
{
    public static Plan Plan { get; } = new()
    {
        Name = "premium",
        Tiers = [IsolationTier.Schema, IsolationTier.Row],
        DefaultTier = IsolationTier.Schema,
        Limits = new() { Users = 1000, StorageGib = 100, RequestsPerDay = 10_000, DatabaseConnections = 10 },
        Features = new Dictionary<string, bool> { ["biometric_auth"] = true, ["custom_branding"] = true },
        Settings = new Dictionary<string, PlanSetting>
        {
            ["minutes"] = new() { Value = Element("60") },
            ["digits"] = new() { Value = Element("12"), Minimum = 8, Maximum = 128 },
            ["ratio"] = new() { Value = Element("0.5") },
            ["strict"] = new() { Value = Element("true") },
            ["greeting"] = new() { Value = Element("\"hello\"") },
            ["hosts"] = new() { Value = Element("[]") },
            ["signingSecret"] = new() { Generate = true, Sealed = true },
            ["sealedText"] = new() { Value = Element("\"x\""), Sealed = true },
        },
    };

    /// <summary>An active tenant of the plan with rows in the shared tables.</summary>
    public static Tenant ActiveTenant { get; } = new()
    {
        Id = new(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "premium", Tier = IsolationTier.Row, Status = TenantStatus.Active, Subdomain = "acme",
        Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(), Settings = new Dictionary<string, JsonElement>(), Version = 1,
        CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
        Placed = new() { Id = Guid.NewGuid(), Epoch = 1, State = PlacementState.Current, Tier = IsolationTier.Row, Place = new("main", "saga_rows", "product"), Login = "t_1" },
    };

    public static ProvisionTenant Valid { get; } = new() { Name = "Acme", Slug = "acme", Plan = "premium", AdminEmail = "ada@acme.com" };

    public static JsonElement Element(string json) => JsonDocument.Parse(json).RootElement;

    public static ReservedNames Reserved { get; } = new([], []);

    public static ValidProvision? Validate(ProvisionTenant command, out IReadOnlyList<FieldError> errors) =>
        ProvisionValidation.Validate(command, Plan, Reserved, out errors);

    /// <summary>The pointers of the faults; empty when there are none.</summary>
    public static string Faults(ProvisionTenant command)
    {
        var valid = Validate(command, out var errors);
        return (valid is null) == (errors.Count > 0) ? string.Join(' ', errors.Select(e => e.Pointer)) : "valid and faulty at once";
    }
}
