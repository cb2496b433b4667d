using System.Text;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>
/// Maps a tenant's keys to paths. Keys contain no '%', so names with '%' belong to this class. An object is a file whose name ends
/// with '%', so that <c>a</c> and <c>a/b</c> can both exist. A segment that is too long for a file name continues below a
/// directory whose name ends with '%+'. Thread-safe.
/// </summary>
public sealed class FolderPaths(IOptions<StorageOptions> options)
{
    private const string ObjectMark = "%", LongMark = "%+";
    private const int MaxNameBytes = 240;

    /// <summary>The folder for incomplete files, which are renamed when complete.</summary>
    internal string Incoming { get; } = Path.Combine(Path.GetFullPath(options.Value.Folder.Path), "incoming");

    /// <summary>The folder of all tenants' former versions.</summary>
    public string AllVersions { get; } = Path.Combine(Path.GetFullPath(options.Value.Folder.Path), "versions");

    public string Tenants { get; } = Path.Combine(Path.GetFullPath(options.Value.Folder.Path), "tenants");

    public string Tenant(TenantId tenant) => Path.Combine(Tenants, tenant.ToString());

    /// <summary>The folder of the tenant's former versions.</summary>
    public string Versions(TenantId tenant) => Path.Combine(AllVersions, tenant.ToString());

    /// <summary>The folder of an object's former versions.</summary>
    internal string VersionsOf(TenantId tenant, ObjectKey key) => Path.Combine([Versions(tenant), .. Segments(key)]) + ObjectMark;

    internal string Object(TenantId tenant, ObjectKey key) => Folder(tenant, key) + ObjectMark;

    internal string Folder(TenantId tenant, ObjectKey key) =>
        Path.Combine([Tenant(tenant), .. Segments(key)]);

    /// <summary>The key of a file; null if it is not an object.</summary>
    internal string? Key(TenantId tenant, string file)
    {
        if (!file.EndsWith(ObjectMark, StringComparison.Ordinal))
            return null;
        var relative = Path.GetRelativePath(Tenant(tenant), file[..^ObjectMark.Length]);
        return relative.Replace(Path.DirectorySeparatorChar, '/').Replace(LongMark + "/", "", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Segments(ObjectKey key) => key.ToString().Split('/').SelectMany(Names);

    private static IEnumerable<string> Names(string segment)
    {
        var name = new StringBuilder();
        var bytes = 0;
        foreach (var rune in segment.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > MaxNameBytes)
            {
                yield return name + LongMark;
                name.Clear();
                bytes = 0;
            }

            name.Append(rune.ToString());
            bytes += rune.Utf8SequenceLength;
        }

        yield return name.ToString();
    }
}
