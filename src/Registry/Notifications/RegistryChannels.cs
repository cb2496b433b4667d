namespace Saga.Registry.Notifications;

/// <summary>The channels on which the registry notifies. A notification may be lost: whoever listens also looks from time to time.</summary>
public static class RegistryChannels
{
    /// <summary>Something is in the outbox.</summary>
    public const string Outbox = "saga_outbox";

    /// <summary>A tenant changed; the payload is its id.</summary>
    public const string Tenants = "saga_tenants";
}
