using System.Runtime.Serialization;
using System.Text.Json;

namespace Saga.Messaging.DeadLetters;

internal static class Unreadable
{
    /// <summary>Whether the error means that the message does not match its type.</summary>
    public static bool Is(Exception? error) => error is JsonException or SerializationException || (error is not null && Is(error.InnerException));
}
