namespace Saga.Registry.Notifications;

/// <summary>The channels of the registry's notifications. A notification may be lost, so listeners must also poll.</summary>
public static class RegistryChannels
{
    /// <summary>The outbox may have new messages.</summary>
    public const string Outbox = "saga_outbox";

    /// <summary>A tenant changed; the payload is its id.</summary>
    public const string Tenants = "saga_tenants";
}
