namespace Saga.Workers.Backup.OfRegistry;

/// <summary>The registry was not restored, for a reason that an operator can fix. The message names the reason and the fix.</summary>
public sealed class RegistryRestoreException(string message, Exception? cause = null) : Exception(message, cause);
