using System.Text.Json;

namespace Saga.Registry.Tenants;

/// <summary>What an update changes of a tenant: the values of <see cref="TenantField"/>s as JSON. Both sides have the same fields.</summary>
public sealed record TenantChange(IReadOnlyDictionary<string, JsonElement> Before, IReadOnlyDictionary<string, JsonElement> After)
{
    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<string> Fields => [.. After.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The address of another administrator. The same address in other letters is the same user.</summary>
    public string? NewAdministrator => NewText(TenantField.AdminEmail) is { } email && !string.Equals(email, OldText(TenantField.AdminEmail), StringComparison.OrdinalIgnoreCase) ? email : null;

    /// <summary>Whether it turns the tenant's read replica on (true) or off (false); null when that stays.</summary>
    public bool? TurnsReplica => After.TryGetValue(TenantField.ReadReplica, out var on) ? on.GetBoolean() : null;

    public bool Has(string field) => After.ContainsKey(field);

    public string? OldText(string field) => Before.TryGetValue(field, out var value) ? value.GetString() : null;

    public string? NewText(string field) => After.TryGetValue(field, out var value) ? value.GetString() : null;

    /// <summary>The names of the settings or features whose own value changes.</summary>
    public IReadOnlySet<string> Keys(string field)
    {
        if (!Has(field))
            return new HashSet<string>(StringComparer.Ordinal);
        var (before, after) = (Before[field], After[field]);
        return before.EnumerateObject().Concat(after.EnumerateObject()).Select(p => p.Name)
            .Where(k => !(before.TryGetProperty(k, out var was) && after.TryGetProperty(k, out var becomes) && JsonElement.DeepEquals(was, becomes)))
            .ToHashSet(StringComparer.Ordinal);
    }
}
