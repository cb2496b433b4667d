using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Plans;
using Saga.Lifecycle.Profile;
using Saga.Lifecycle.Provision;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>
/// Applies an update to a tenant and checks what changes. What the update does not name is not checked: a tenant keeps what was allowed
/// when it got it. Pure: the registry checks whether names are taken.
/// </summary>
public static class UpdateValidation
{
    private static readonly Dictionary<string, string> Fixed = new(StringComparer.Ordinal)
    {
        ["id"] = "cannot be changed", ["slug"] = "cannot be changed", ["status"] = "changes by commands such as suspend and reactivate",
        ["plan"] = "changes by POST /migrate", ["isolation"] = "changes by POST /migrate", ["version"] = "belongs into the header If-Match",
    };

    /// <param name="changes">The merge patch.</param>
    /// <param name="tenant">The tenant, at the version that the sender has read.</param>
    /// <param name="plan">The tenant's plan; null when the registry has lost it.</param>
    /// <param name="reserved">Names that no tenant may have.</param>
    /// <param name="errors">Every broken rule; empty when the result is not null.</param>
    public static TenantChange? Validate(
        IReadOnlyDictionary<string, JsonElement> changes, Tenant tenant, Plan? plan, ReservedNames reserved, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        errors = found;
        foreach (var (field, why) in Fixed.Where(f => changes.ContainsKey(f.Key)))
            found.Add(new($"/{field}", why));
        var document = TenantDocument.Of(tenant);
        var patched = Patched(document, changes, found);
        if (found.Count > 0)
            return null;
        var after = Check(patched, changes, tenant, plan, reserved, found);
        if (found.Count > 0)
            return null;
        var changed = after.Where(f => !JsonNode.DeepEquals(f.Value, document[f.Key])).ToList();
        if (changed.Count == 0)
        {
            found.Add(new(changes.Count == 1 ? FieldError.PointerTo("", changes.First().Key) : "", "changes nothing: name at least one field with another value than the tenant has"));
            return null;
        }

        return new(changed.ToDictionary(c => c.Key, c => Element(document[c.Key]), StringComparer.Ordinal), changed.ToDictionary(c => c.Key, c => Element(c.Value), StringComparer.Ordinal));
    }

    // Only the fields that the update names, after the patch.
    private static UpdatedFields Patched(JsonObject document, IReadOnlyDictionary<string, JsonElement> changes, List<FieldError> errors)
    {
        var patched = new JsonObject();
        foreach (var (field, patch) in changes.Where(c => !Fixed.ContainsKey(c.Key)))
        {
            if (patch.ValueKind == JsonValueKind.Object && !StorableText.IsStorable(patch))
                errors.Add(new(FieldError.PointerTo("", field), "contains text that cannot be stored, or a name with an escape"));
            else
                patched[field] = MergePatch.Apply(document[field], patch);
        }

        var read = CommandReader.Read<UpdatedFields>(JsonSerializer.SerializeToElement(patched), hasKey: false, out var wrong);
        errors.AddRange(wrong);
        return read ?? new();
    }

    private static Dictionary<string, JsonNode?> Check(
        UpdatedFields patched, IReadOnlyDictionary<string, JsonElement> changes, Tenant tenant, Plan? plan, ReservedNames reserved, List<FieldError> errors)
    {
        var after = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        var features = changes.ContainsKey(TenantField.Features) ? patched.Features ?? new Dictionary<string, bool>() : tenant.Features;
        Set(TenantField.Name, () => TenantFields.Name(patched.Name, errors));
        Set(TenantField.Description, () => TenantFields.Description(patched.Description, errors));
        Set(TenantField.AdminEmail, () => TenantFields.Email(patched.AdminEmail, errors));
        Set(TenantField.Phone, () => TenantFields.Phone(patched.Phone, errors));
        Set(TenantField.Domain, () => TenantFields.Domain(patched.Domain, errors));
        Set(TenantField.Subdomain, () => patched.Subdomain is { } label ? TenantFields.Subdomain(label, reserved, errors) : tenant.Slug.ToString());
        Set(TenantField.Timezone, () => TenantFields.Timezone(patched.Timezone, errors));
        Set(TenantField.Region, () => TenantFields.Region(patched.Region, errors));
        Set(TenantField.Features, () => TenantDocument.Node(features));
        Set(TenantField.Settings, () => TenantDocument.Node(ProvisionOverrides.Normalize(patched.Settings)));
        Set(TenantField.Pool, () => TenantDocument.Node(PoolRule.Check(patched.Pool, plan, errors)));
        Set(TenantField.ReadReplica, () => patched.ReadReplica ?? false);
        Set(TenantField.AutoUpdate, () => patched.AutoUpdate ?? true);
        Set(TenantField.MaxUsers, () => patched.MaxUsers);
        Set(TenantField.MaxStorage, () => patched.MaxStorage);
        Set(TenantField.MaintenanceWindow, () => TenantDocument.Node(MaintenanceWindowRule.Check(patched.MaintenanceWindow, errors)));
        if (plan is null)
        {
            foreach (var field in after.Keys.Where(f => f is TenantField.Features or TenantField.Settings or TenantField.Pool or TenantField.MaxUsers or TenantField.MaxStorage))
                errors.Add(new($"/{field}", $"cannot be checked, because the tenant's plan '{tenant.Plan}' is not in the registry any more"));
            return after;
        }

        ProvisionOverrides.Check(Named(patched.Features, changes, TenantField.Features), Named(patched.Settings, changes, TenantField.Settings), plan, errors);
        ProvisionOverrides.Count(patched.Features?.Count, patched.Settings?.Count, errors);
        OwnLimits.Check(patched.MaxUsers, patched.MaxStorage, plan, errors);
        return after;

        void Set(string field, Func<JsonNode?> value)
        {
            if (changes.ContainsKey(field))
                after[field] = value();
        }
    }

    // The entries that the update names: those that stay are not checked again.
    private static Dictionary<string, T>? Named<T>(IReadOnlyDictionary<string, T>? merged, IReadOnlyDictionary<string, JsonElement> changes, string field) =>
        merged is null || changes[field].ValueKind != JsonValueKind.Object
            ? null
            : merged.Where(m => changes[field].TryGetProperty(m.Key, out _)).ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal);

    private static JsonElement Element(JsonNode? node) => JsonSerializer.SerializeToElement(node);
}
