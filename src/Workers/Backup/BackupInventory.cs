using System.Globalization;
using System.Runtime.CompilerServices;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Backup.Files;
using Saga.Workers.Drift;

namespace Saga.Workers.Backup;

/// <summary>The files of backups, of tenants and of the registry, in the first place. The copies in the second are not listed.</summary>
internal sealed class BackupInventory(IBackupFiles files) : IInventory
{
    private const string OfRegistry = "registry";
    private const string Manifest = "-manifest.json";

    public IReadOnlyList<string> Resources { get; } = [DriftResources.Backup];

    public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A backup's files come together, because both adapters list them in the order of their names, but a page may end between two of them.
        string? folder = null;
        var together = new List<StoredFile>();
        await foreach (var page in files.PagesAsync(cancellationToken))
        {
            var things = new List<FoundThing>();
            foreach (var file in page)
            {
                if (FolderOf(file.Name) is var next && next != folder)
                {
                    Add(things);
                    (folder, together) = (next, []);
                }

                together.Add(file);
            }

            yield return new(things);
        }

        var last = new List<FoundThing>();
        Add(last);
        yield return new(last);

        void Add(List<FoundThing> things)
        {
            if (folder is not null && Describe(folder, together, scope) is { } thing)
                things.Add(thing);
        }
    }

    public async Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken) =>
    [
        .. (await registry.BackupsAsync(cancellationToken)).Select(backup =>
        {
            var folder = $"{backup.TenantId?.ToString() ?? OfRegistry}/{backup.Id}";
            return new ExpectedThing
            {
                Key = KeyOf(folder),
                Tenant = backup.TenantId,
                ChangedAt = backup.ChangedAt,
                Facts = backup.IsComplete ? Facts(folder, [.. backup.Parts, .. backup.ManifestFile is { } manifest ? [(manifest, 0L)] : Array.Empty<(string, long)>()]) : DriftFacts.None,
                Exact = backup.IsComplete,
                // Of one that is being made or removed, any part may be there.
                Optional = !backup.IsComplete,
            };
        }),
    ];

    private static FoundThing? Describe(string folder, List<StoredFile> files, InventoryScope scope)
    {
        var ids = folder.Split('/');
        // Other files, such as the proofs of the audit log, are no backups.
        if (ids.Length < 2 || !Guid.TryParseExact(ids[1], "d", out var backup) || ids[0] != OfRegistry && !Guid.TryParseExact(ids[0], "d", out _))
            return null;
        return new()
        {
            Key = KeyOf(folder),
            Owner = backup,
            Installation = scope.Installation,
            MadeAt = files.Max(f => f.WrittenAt),
            Facts = Facts(folder, files.Select(f => (f.Name, f.Bytes))),
        };
    }

    // The registry does not know how large a manifest is.
    private static Dictionary<string, string> Facts(string folder, IEnumerable<(string Name, long Bytes)> files) => files.ToDictionary(
        f => f.Name.StartsWith(folder + "/", StringComparison.Ordinal) ? f.Name[(folder.Length + 1)..] : f.Name,
        f => f.Name.EndsWith(Manifest, StringComparison.Ordinal) ? DriftFacts.Yes : string.Create(CultureInfo.InvariantCulture, $"{f.Bytes} bytes"), StringComparer.Ordinal);

    private static string FolderOf(string file) => string.Join('/', file.Split('/').Take(2));

    private static DriftKey KeyOf(string folder) => new(DriftResources.Backup, null, folder);
}
