using System.Collections.Frozen;

namespace Saga.Contracts;

/// <summary>Names of message types, used where a message is stored or sent as data.</summary>
public static class MessageTypes
{
    // Names of messages in earlier versions. Outboxes and queues that were filled before an upgrade may contain them.
    private static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Saga.Contracts.Steps.StepHeld"] = "Saga.Contracts.Steps.StepDeferred",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string NameOf(object message) => message.GetType().FullName!;

    /// <summary>The type with that name, which may be a name from an earlier version.</summary>
    /// <exception cref="InvalidOperationException">The type is not a contract of this version.</exception>
    public static Type Find(string name) =>
        typeof(MessageTypes).Assembly.GetType(Renamed.GetValueOrDefault(name, name))
        ?? throw new InvalidOperationException($"A message is of type {name}, which this version does not know. A newer version sent it: upgrade this process.");
}
