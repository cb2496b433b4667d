namespace Saga.Tenancy.Sealing;

/// <summary>A sealed text could not be opened: the wrong key, the wrong tenant or purpose, or changed bytes.</summary>
public sealed class SealingException(string message, Exception? cause = null) : Exception(message, cause);
