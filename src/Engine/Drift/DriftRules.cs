using System.Buffers.Binary;

namespace Saga.Engine.Drift;

/// <summary>
/// Compares what is outside with what the registry says. Pure. The outside must have been listed before the registry was read: what was made meanwhile
/// belongs to an operation that was under way.
/// </summary>
public static class DriftRules
{
    public static DriftComparison Compare(IEnumerable<ExpectedThing> expected, IEnumerable<FoundThing> found, DriftScope scope)
    {
        var wanted = new Dictionary<DriftKey, ExpectedThing>();
        foreach (var thing in expected.Where(t => scope.IsRead(t.Key) && scope.Includes(t.Tenant)))
            wanted[thing.Key] = thing;
        var (findings, leftAlone, met, compared) = (new List<DriftFinding>(), new HashSet<DriftKey>(), new HashSet<DriftKey>(), 0);
        foreach (var thing in found.Where(t => scope.IsRead(t.Key) && IsOurs(t, wanted, scope)))
        {
            var match = wanted.GetValueOrDefault(thing.Key);
            // A quarantine knows what it holds, until it ends.
            if (match is null && scope.Quarantined.Contains(thing.Key))
                continue;
            var tenant = match is null ? TenantOf(thing, scope) : match.Tenant;
            // A page may tell a thing twice.
            if (!scope.Includes(tenant) || !met.Add(thing.Key))
                continue;
            compared++;
            var madeAt = thing.MadeAt ?? TimeOf(thing.Owner);
            var differences = match is null ? [] : Differences(match, thing);
            if (match is not null && differences.Count == 0)
                continue;
            if (scope.IsBusy(tenant, thing.Key.Server) || scope.IsYoung(match is null ? madeAt : match.ChangedAt))
                leftAlone.Add(thing.Key);
            else
                findings.Add(new(thing.Key, match is null ? DriftKind.Orphan : DriftKind.Different, tenant, madeAt, differences) { Owner = thing.Owner });
        }

        foreach (var thing in wanted.Values.Where(t => !t.Optional && !met.Contains(t.Key)))
        {
            compared++;
            if (scope.IsBusy(thing.Tenant, thing.Key.Server) || scope.IsYoung(thing.ChangedAt))
                leftAlone.Add(thing.Key);
            else
                findings.Add(new(thing.Key, DriftKind.Missing, thing.Tenant, null, []));
        }

        return new(compared, findings, leftAlone);
    }

    /// <summary>Findings of earlier scans that this one does not see any more. One that it could not see, or left alone, does not end.</summary>
    public static IReadOnlyList<Guid> Ended(IEnumerable<OpenFinding> open, DriftComparison comparison, DriftScope scope)
    {
        var seen = comparison.Findings.Select(f => (f.Key, f.Kind)).ToHashSet();
        return
        [
            .. open.Where(f => !seen.Contains((f.Key, f.Kind)) && scope.Includes(f.Tenant) && scope.IsRead(f.Key)
                && !comparison.LeftAlone.Contains(f.Key) && !scope.IsBusy(f.Tenant, f.Key.Server)).Select(f => f.Id),
        ];
    }

    // What bears another installation's id is never compared, even under a name that is expected here: then the own one is missing. What bears none is
    // this installation's if the registry knows its owner.
    private static bool IsOurs(FoundThing thing, Dictionary<DriftKey, ExpectedThing> wanted, DriftScope scope) => thing.Installation is { } marked
        ? marked == scope.Installation
        : wanted.ContainsKey(thing.Key) || thing.Owner is { } owner && scope.Known.ContainsKey(owner);

    private static Guid? TenantOf(FoundThing thing, DriftScope scope) => thing.Owner is { } owner ? scope.Known.GetValueOrDefault(owner) : null;

    private static List<DriftDifference> Differences(ExpectedThing expected, FoundThing found)
    {
        var differences = new List<DriftDifference>();
        foreach (var (fact, value) in expected.Facts.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            if (found.Facts.GetValueOrDefault(fact) is var there && there != value)
                differences.Add(new(fact, value, there));
        }

        if (expected.Exact)
            differences.AddRange(found.Facts.Where(f => !expected.Facts.ContainsKey(f.Key)).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => new DriftDifference(f.Key, null, f.Value)));
        return differences;
    }

    // Ids of version 7 begin with the time at which they were made.
    private static DateTimeOffset? TimeOf(Guid? id)
    {
        if (id is not { Version: 7 } made)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        made.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16));
    }
}
