using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;

namespace Saga.Registry.Secrets;

/// <summary>The value of a command in a box that only workers open, as it is stored with its operation.</summary>
public static class BoxedConfig
{
    private const string Member = "box";

    /// <summary>What a box is bound to: it opens for no other tenant or key.</summary>
    public static string Context(SetConfig command) => $"config:{command.TenantId}:{command.ConfigKey}";

    /// <summary>The command with its value in a box.</summary>
    public static SetConfig Seal(SetConfig command, Guid keyId, byte[] publicKey)
    {
        var box = SealedBox.Seal(keyId, publicKey, Context(command), JsonSerializer.SerializeToUtf8Bytes(command.ConfigValue, Json.Options));
        return command with { ConfigValue = JsonSerializer.SerializeToElement(new Dictionary<string, byte[]> { [Member] = box }) };
    }

    /// <summary>The box in a stored command.</summary>
    public static byte[] BoxOf(SetConfig command) => command.ConfigValue!.Value.GetProperty(Member).GetBytesFromBase64();
}
