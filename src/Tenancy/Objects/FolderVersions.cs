using System.Globalization;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>
/// The former versions of objects in a folder. A version is a file named by the time at which it was written, in a folder of its object. A
/// deletion is an empty file beside them. One process writes at a time, so its lock is enough. Thread-safe.
/// </summary>
public sealed class FolderVersions(FolderPaths paths, TimeProvider? time = null)
{
    private const string DeletionMark = ".deleted";
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Lock changing = new();

    /// <summary>Puts a complete file in the object's place, and keeps what was there.</summary>
    internal void Replace(TenantId tenant, ObjectKey key, string incoming)
    {
        var target = paths.Object(tenant, key);
        lock (changing)
        {
            var current = new FileInfo(target);
            // Copied, because a reader must see the old or the new content at every moment. A copy of what is current is no version of its own.
            if (current.Exists)
                File.Copy(target, Path.Combine(MakeFolder(tenant, key), Name(current.LastWriteTimeUtc)), overwrite: true);
            File.SetLastWriteTimeUtc(incoming, Next(tenant, key));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(incoming, target, overwrite: true);
        }
    }

    /// <summary>Takes the object away, and keeps its content. Does nothing when there is no such object.</summary>
    internal void Delete(TenantId tenant, ObjectKey key)
    {
        var target = paths.Object(tenant, key);
        lock (changing)
        {
            var current = new FileInfo(target);
            if (!current.Exists)
                return;
            var deletion = Name(Next(tenant, key)) + DeletionMark;
            var folder = MakeFolder(tenant, key);
            File.Move(target, Path.Combine(folder, Name(current.LastWriteTimeUtc)), overwrite: true);
            File.WriteAllBytes(Path.Combine(folder, deletion), []);
        }
    }

    /// <summary>Every version, newest first.</summary>
    internal IReadOnlyList<ObjectVersion> List(TenantId tenant, ObjectKey key)
    {
        lock (changing)
            return [.. All(tenant, key).Select(v => v.Version)];
    }

    /// <summary>The file of a version; null when there is no such version, or when it is a deletion.</summary>
    internal string? Find(TenantId tenant, ObjectKey key, string version)
    {
        lock (changing)
            return All(tenant, key).FirstOrDefault(v => v.Version.Id == version) is { Version.IsDeletion: false } found ? found.File : null;
    }

    /// <summary>Removes a version permanently. If it was the newest one, the one before it is current again.</summary>
    internal void Delete(TenantId tenant, ObjectKey key, string version)
    {
        lock (changing)
        {
            var all = All(tenant, key);
            if (all.FirstOrDefault(v => v.Version.Id == version) is not { File: { } file } removed)
                return;
            File.Delete(file);
            if (removed.Version.IsCurrent && all.Skip(1).FirstOrDefault() is { Version.IsDeletion: false, File: { } former })
                File.Move(former, paths.Object(tenant, key), overwrite: false);
        }
    }

    /// <summary>Removes what was replaced or deleted before a time, and deletions of which nothing else is left.</summary>
    public void Expire(TenantId tenant, DateTimeOffset before)
    {
        var root = paths.Versions(tenant);
        if (!Directory.Exists(root))
            return;
        foreach (var folder in Directory.GetDirectories(root, "*", SearchOption.AllDirectories))
        {
            lock (changing)
            {
                var versions = All(Path.Combine(paths.Tenant(tenant), Path.GetRelativePath(root, folder)), folder);
                // A version is former since the next one was written.
                var former = versions.Zip(versions.Skip(1), (newer, older) => (older.File, Since: newer.Version.ModifiedAt)).Where(v => v.Since < before).Select(v => v.File).ToList();
                former.ForEach(File.Delete);
                if (versions is [{ Version: { IsDeletion: true } last } only, ..] && last.ModifiedAt < before && former.Count == versions.Count - 1)
                    File.Delete(only.File);
            }
        }
    }

    // Later than every version that there is, even if the clock was turned back.
    private DateTime Next(TenantId tenant, ObjectKey key)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return All(tenant, key) is [{ Version.ModifiedAt: var newest }, ..] && newest.UtcDateTime >= now ? newest.UtcDateTime.AddTicks(1) : now;
    }

    private string MakeFolder(TenantId tenant, ObjectKey key)
    {
        var folder = paths.VersionsOf(tenant, key);
        FolderFailures.MakePrivate(folder);
        return folder;
    }

    private List<Kept> All(TenantId tenant, ObjectKey key) => All(paths.Object(tenant, key), paths.VersionsOf(tenant, key));

    private static List<Kept> All(string target, string folder)
    {
        var current = new FileInfo(target);
        var id = current.Exists ? Name(current.LastWriteTimeUtc) : null;
        var former = Directory.Exists(folder) ? new DirectoryInfo(folder).GetFiles().Where(f => f.Name != id) : [];
        var all = former.OrderByDescending(f => f.Name, StringComparer.Ordinal)
            .Select(f => new Kept(new(f.Name, f.Length, TimeOf(f.Name), IsCurrent: false, IsDeletion: f.Name.EndsWith(DeletionMark, StringComparison.Ordinal)), f.FullName)).ToList();
        if (id is not null)
            all.Insert(0, new(new(id, current.Length, TimeOf(id), IsCurrent: true, IsDeletion: false), target));
        else if (all is [var newest, ..])
            all[0] = newest with { Version = newest.Version with { IsCurrent = true } };
        return all;
    }

    private sealed record Kept(ObjectVersion Version, string File);

    private static string Name(DateTime written) => written.Ticks.ToString("x16", CultureInfo.InvariantCulture);

    private static DateTimeOffset TimeOf(string name) => new(long.Parse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), TimeSpan.Zero);
}
