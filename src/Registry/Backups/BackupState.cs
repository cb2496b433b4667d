namespace Saga.Registry.Backups;

public enum BackupState
{
    /// <summary>Its operation has not ended.</summary>
    Running,

    /// <summary>It can be restored.</summary>
    Completed,

    /// <summary>It failed or was cancelled, and its files were removed.</summary>
    Failed,
}
