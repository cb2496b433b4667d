using System.Collections.Frozen;

namespace Saga.Contracts;

/// <summary>Names of message types, where a message is kept or sent as data.</summary>
public static class MessageTypes
{
    // What earlier versions called a message. They are in outboxes and queues that were filled before an upgrade.
    private static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Saga.Contracts.Steps.StepHeld"] = "Saga.Contracts.Steps.StepDeferred",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string NameOf(object message) => message.GetType().FullName!;

    /// <summary>The type of that name, which may be the name of an earlier version.</summary>
    /// <exception cref="InvalidOperationException">The type is not a contract of this version.</exception>
    public static Type Find(string name) =>
        typeof(MessageTypes).Assembly.GetType(Renamed.GetValueOrDefault(name, name))
        ?? throw new InvalidOperationException($"A message is of type {name}, which this version does not know. A newer one wrote it: upgrade this process.");
}
