using System.Text.Json;
using Dapper;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Runtime;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Configuration;

/// <summary>Reads a tenant's settings and features, and opens the sealed ones. Thread-safe.</summary>
public sealed class TenantSettings
{
    /// <summary>The prefix of settings that are features, such as <c>feature:biometric_auth</c>.</summary>
    public const string FeaturePrefix = "feature:";

    /// <summary>The prefix under which features are read as well, such as <c>features.biometric_auth</c>.</summary>
    public const string FeatureReadPrefix = "features.";

    private readonly RuntimeRegistry registry;
    private readonly TenantSecrets secrets;

    internal TenantSettings(RuntimeRegistry registry, TenantSecrets secrets) => (this.registry, this.secrets) = (registry, secrets);

    /// <summary>The purpose that a sealed setting is bound to, so that it opens for no other key.</summary>
    public static string Purpose(string key) => $"setting:{key}";

    /// <summary>Null when the tenant has no such setting.</summary>
    /// <exception cref="SealingException">The setting exists but cannot be opened.</exception>
    public async Task<JsonElement?> FindAsync(TenantId tenant, string key, CancellationToken cancellationToken)
    {
        var rows = await SealedReading.ReadAsync(() => ReadAsync(tenant, key, cancellationToken));
        return rows.Count == 0 ? null : rows[0].Value;
    }

    /// <summary>Every setting and feature by key, features under both prefixes, with the sealed ones opened. Never log or show the full result.</summary>
    /// <exception cref="SealingException">One cannot be opened.</exception>
    public async Task<IReadOnlyDictionary<string, JsonElement>> ReadAllAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await SealedReading.ReadAsync(() => ReadAsync(tenant, null, cancellationToken))).ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);

    private async Task<List<(string Key, JsonElement Value)>> ReadAsync(TenantId tenant, string? key, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"select key, value::text as value, sealed from {RuntimeRegistry.Schema}.settings where tenant_id = @Tenant and (@key::text is null or key = @key)",
            new { Tenant = tenant.Value, key }, cancellationToken: cancellationToken));
        byte[]? secret = null;
        var settings = new List<(string, JsonElement)>();
        foreach (var row in rows)
        {
            if (row.Sealed is not null)
                secret ??= await secrets.KeyAsync(connection, tenant, cancellationToken);
            settings.Add((row.Key, row.Sealed is null
                ? JsonSerializer.Deserialize<JsonElement>(row.Value!, Json.Options)
                : JsonSerializer.Deserialize<JsonElement>(SealedText.Open(secret, tenant, Purpose(row.Key), row.Sealed), Json.Options)));
        }

        return settings;
    }

    // A class with setters, because Dapper would require a record's constructor to match the driver's types.
    private sealed class Row
    {
        public string Key { get; init; } = "";

        public string? Value { get; init; }

        public byte[]? Sealed { get; init; }
    }
}
