using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Provision;

/// <summary>Tells whether two commands are the same: their content, whatever the order of their members.</summary>
internal static class CommandHash
{
    public static byte[] Of(ProvisionTenant command)
    {
        var canonical = command with
        {
            IdempotencyKey = null,
            Features = command.Features is null ? null : new SortedDictionary<string, bool>(command.Features.ToDictionary(), StringComparer.Ordinal),
            Settings = command.Settings is null ? null : new SortedDictionary<string, JsonElement>(command.Settings.ToDictionary(), StringComparer.Ordinal),
        };
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(canonical, Json.Options));
    }
}
