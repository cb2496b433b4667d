namespace Saga.Workers.Backup.OfRegistry;

/// <summary>The restore of the registry by command. Section <c>Saga:RestoreRegistry</c>.</summary>
public sealed class RegistryRestoreOptions
{
    public const string Section = "Saga:RestoreRegistry";

    public const string Newest = "newest";

    /// <summary>The id of the backup, or <c>newest</c>. When absent, the backups are listed.</summary>
    public string Backup { get; set; } = "";

    /// <summary>For how many hours no scheduled command runs afterwards.</summary>
    public int HoldHours { get; set; } = 24;
}
