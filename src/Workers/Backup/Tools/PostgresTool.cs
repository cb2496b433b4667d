namespace Saga.Workers.Backup.Tools;

/// <summary>A client program of PostgreSQL.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Version">Its version, such as 15.14.</param>
internal sealed record PostgresTool(string Path, Version Version)
{
    /// <summary>The newest version of servers that it works with.</summary>
    public int Major => Version.Major;
}
