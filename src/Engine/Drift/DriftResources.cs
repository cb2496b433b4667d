using Saga.Contracts.Steps;

namespace Saga.Engine.Drift;

/// <summary>What is compared. The words are stored and shown, so they keep their meaning.</summary>
public static class DriftResources
{
    /// <summary>A tenant's own database.</summary>
    public const string Database = "database";

    /// <summary>A tenant's login, or the owner of its tables, with what it is a member of.</summary>
    public const string Role = "role";

    /// <summary>A tenant's schema in a database that several share.</summary>
    public const string Schema = "schema";

    /// <summary>What a product database says of a tenant: its epoch and its mode.</summary>
    public const string Place = "place";

    /// <summary>A database that a restore has made.</summary>
    public const string RestoredDatabase = "restoredDatabase";

    /// <summary>A database that is ready for the next tenant.</summary>
    public const string SpareDatabase = "spareDatabase";

    /// <summary>A tenant's organisation.</summary>
    public const string Organization = "organization";

    /// <summary>A tenant's part of the object store.</summary>
    public const string Storage = "storage";

    /// <summary>A tenant's user of the cache.</summary>
    public const string CacheUser = "cacheUser";

    /// <summary>A tenant's entries in a cache without users.</summary>
    public const string CacheEntries = "cacheEntries";

    /// <summary>The files of a backup.</summary>
    public const string Backup = "backup";

    /// <summary>The key of a schema. It can only be seen in its database.</summary>
    public static DriftKey SchemaKey(string server, string database, string schema) => new(Schema, server, $"{database}.{schema}");

    /// <summary>The key of a place. It can only be seen in its database.</summary>
    public static DriftKey PlaceKey(string server, string database, Guid tenant) => new(Place, server, $"{database}/{tenant}");

    /// <summary>Whether a thing can only be seen in the database.</summary>
    internal static bool IsInside(DriftKey key, string database) => key.Resource is Schema or Place
        && key.Name.Length > database.Length && key.Name.StartsWith(database, StringComparison.Ordinal) && key.Name[database.Length] is '.' or '/';

    /// <summary>The database and the schema of a schema's key. Schemas that bear an id have no dot in their names.</summary>
    public static (string Database, string Schema) SchemaIn(DriftKey key) =>
        key.Name.LastIndexOf('.') is var dot and > 0 ? (key.Name[..dot], key.Name[(dot + 1)..]) : throw new ArgumentException($"'{key.Name}' is no schema in a database.", nameof(key));

    /// <summary>The database of a place's key.</summary>
    public static string DatabaseOfPlace(DriftKey key) =>
        key.Name.LastIndexOf('/') is var slash and > 0 ? key.Name[..slash] : throw new ArgumentException($"'{key.Name}' is no place in a database.", nameof(key));

    public static IReadOnlyList<string> All { get; } =
        [Database, Role, Schema, Place, RestoredDatabase, SpareDatabase, Organization, Storage, CacheUser, CacheEntries, Backup];

    /// <summary>What a worker's steps make outside; empty for one that only writes the registry.</summary>
    /// <param name="worker">One of <see cref="WorkerNames"/>.</param>
    public static IReadOnlyList<string> OfWorker(string worker) => worker switch
    {
        WorkerNames.Database => [Database, Role, Schema, Place, RestoredDatabase, SpareDatabase],
        WorkerNames.Identity => [Organization],
        WorkerNames.Storage => [Storage],
        WorkerNames.Cache => [CacheUser, CacheEntries],
        WorkerNames.Backup => [Backup],
        _ => [],
    };
}
