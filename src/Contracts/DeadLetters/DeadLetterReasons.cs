namespace Saga.Contracts.DeadLetters;

/// <summary>Why a message is a dead letter. Names are public: they are shown, filtered by and counted.</summary>
public static class DeadLetterReasons
{
    /// <summary>This version does not know the message's type. A newer one wrote it.</summary>
    public const string TypeUnknown = "type-unknown";

    /// <summary>The body is not what its type says: no JSON, or a required field is missing.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The operation that it is for holds what this version does not know.</summary>
    public const string OperationUnreadable = "operation-unreadable";

    /// <summary>Nothing on this endpoint takes messages of this type.</summary>
    public const string NoConsumer = "no-consumer";

    /// <summary>Consuming it failed, and trying again does not help.</summary>
    public const string Failed = "failed";

    /// <summary>The broker delivered it too often without an answer: its consumer died each time.</summary>
    public const string DeliveredTooOften = "delivered-too-often";
}
