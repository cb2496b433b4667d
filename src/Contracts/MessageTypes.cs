namespace Saga.Contracts;

/// <summary>Names of message types, where a message is kept or sent as data.</summary>
public static class MessageTypes
{
    public static string NameOf(object message) => message.GetType().FullName!;

    /// <exception cref="InvalidOperationException">The type is not a contract of this version.</exception>
    public static Type Find(string name) =>
        typeof(MessageTypes).Assembly.GetType(name)
        ?? throw new InvalidOperationException($"A message is of type {name}, which this version does not know. A newer one wrote it: upgrade this process.");
}
