namespace Saga.Registry.Backups;

public enum BackupState
{
    /// <summary>Its operation has not ended.</summary>
    Running,

    /// <summary>It can be restored.</summary>
    Completed,

    /// <summary>It failed or was cancelled, and its files were removed.</summary>
    Failed,

    /// <summary>Its time is over. It can no longer be restored, and its files are being removed.</summary>
    Expiring,

    /// <summary>Its files are gone and its key is destroyed.</summary>
    Expired,
}
