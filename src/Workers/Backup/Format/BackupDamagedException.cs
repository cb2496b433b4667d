namespace Saga.Workers.Backup.Format;

/// <summary>A file of a backup is not what was written: it was changed, cut short or exchanged, or its key is another one.</summary>
public sealed class BackupDamagedException(string message, Exception? cause = null) : Exception(message, cause);
