using System.Globalization;

namespace Saga.Host.Embedded;

/// <summary>What the capabilities need to hear to work inside a data folder.</summary>
internal static class EmbeddedSettings
{
    public static Dictionary<string, string?> Of(DataFolder folder) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Sealing:ActiveKey"] = "k1",
        ["Saga:Sealing:MasterKeys:k1"] = folder.Secret("master-key", Convert.ToBase64String),
        [Startup.ModeRules.AddressKey] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LocalPorts.FreeFrom(5080)}"),
    };
}
