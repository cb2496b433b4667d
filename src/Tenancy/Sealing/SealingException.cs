namespace Saga.Tenancy.Sealing;

/// <summary>A sealed text could not be opened: the wrong key, the wrong tenant or purpose, or changed bytes.</summary>
public sealed class SealingException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it was sealed with another key of the tenant. If the key was rotated while the text was read, a second reading opens it.</summary>
    public bool IsOtherKey { get; init; }
}
