namespace Saga.Lifecycle.Export;

/// <summary>What an export may have. The words are public and stored.</summary>
public static class DataTypes
{
    public const string Users = "users";
    public const string Documents = "documents";
    public const string Settings = "settings";
    public const string Media = "media";
    public const string AuditLogs = "audit_logs";
    public const string Usage = "usage";

    public static IReadOnlyList<string> All { get; } = [Users, Documents, Settings, Media, AuditLogs, Usage];
}
