namespace Saga.Contracts.DeadLetters;

/// <summary>Why a message is a dead letter. Names are public: the API shows them and filters by them, and metrics use them as tags.</summary>
public static class DeadLetterReasons
{
    /// <summary>This version does not know the message's type, because a newer version sent it.</summary>
    public const string TypeUnknown = "type-unknown";

    /// <summary>The body does not match its type: it is not JSON, or a required field is missing.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The message's operation contains values that this version does not know.</summary>
    public const string OperationUnreadable = "operation-unreadable";

    /// <summary>No consumer on this endpoint takes messages of this type.</summary>
    public const string NoConsumer = "no-consumer";

    /// <summary>Its consumer failed, and a retry would not help.</summary>
    public const string Failed = "failed";

    /// <summary>The broker delivered it too often without an acknowledgement, because its consumer died each time.</summary>
    public const string DeliveredTooOften = "delivered-too-often";
}
