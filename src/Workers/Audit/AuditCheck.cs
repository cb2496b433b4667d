using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Audit;

namespace Saga.Workers.Audit;

/// <param name="Faults">What is wrong, in words. At most <see cref="AuditCheck.MostFaults"/>; the last one then says that there are more.</param>
/// <param name="Notes">What else is to be known.</param>
/// <param name="Lines">How many lines were verified.</param>
public sealed record AuditReport(IReadOnlyList<string> Faults, IReadOnlyList<string> Notes, long Lines)
{
    public bool IsWhole => Faults.Count == 0;
}

/// <summary>
/// Verifies the audit log from its anchor to its end: that each line is what it was when it was sealed, that none is missing, that the heads are signed, and that the
/// object store has the same heads. It changes nothing, and takes the same memory however long the log is.
/// </summary>
public sealed class AuditCheck
{
    internal const int MostFaults = 100;

    private readonly NpgsqlDataSource registry;
    private readonly AuditKeys keys;
    private readonly AuditCopies copies;
    private readonly IOptions<AuditOptions> options;

    internal AuditCheck(NpgsqlDataSource registry, AuditKeys keys, AuditCopies copies, IOptions<AuditOptions> options) =>
        (this.registry, this.keys, this.copies, this.options) = (registry, keys, copies, options);

    /// <summary>With the services that <see cref="Backup.BackupModule"/> adds.</summary>
    public static AuditCheck Of(IServiceProvider services) => new(
        services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<AuditKeys>(), services.GetRequiredService<AuditCopies>(),
        services.GetRequiredService<IOptions<AuditOptions>>());

    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        // In this order, because the log goes on: what was recorded as copied must be in the store, and what is in the store must be in the log.
        var recorded = await RecordedAsync(cancellationToken);
        var stored = await StoredAsync(cancellationToken);
        await using var snapshot = await AuditSnapshot.OpenAsync(registry, cancellationToken);
        var findings = new Findings();
        if (await snapshot.ChainAsync(cancellationToken) is not { } chain)
        {
            findings.Fault("The row with the end of the chain is missing.");
            return findings.Report(0);
        }

        JudgeAnchor(chain, findings);
        var heads = Heads(chain, await snapshot.HeadsAsync(cancellationToken), recorded, stored, findings);
        var (lines, last) = await WalkAsync(snapshot, chain, heads, findings, cancellationToken);
        JudgeHeads(chain, heads, findings);
        await JudgeRestAsync(snapshot, findings, cancellationToken);
        Summarize(chain, heads, last, findings);
        return findings.Report(lines);
    }

    private async Task<IReadOnlyList<StoredHead>> RecordedAsync(CancellationToken cancellationToken)
    {
        await using var before = await AuditSnapshot.OpenAsync(registry, cancellationToken);
        return await before.HeadsAsync(cancellationToken);
    }

    private async Task<Dictionary<string, AuditMark?>> StoredAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, AuditMark?>(StringComparer.Ordinal);
        foreach (var file in await copies.ListAsync(cancellationToken))
        {
            // A former head of a day is removed when there is a newer one.
            if (await copies.ReadAsync(file, cancellationToken) is { } content)
                found[file] = AuditMark.Parse(content);
        }

        return found;
    }

    private void JudgeAnchor(StoredChain chain, Findings findings)
    {
        if (chain.AnchorNumber == 0)
            return;
        if (chain.Anchor is not { Kind: AuditMark.Anchor } anchor || anchor.Number != chain.AnchorNumber || anchor.Hash != Hex(chain.AnchorHash))
            findings.Fault($"The lines up to number {Number(chain.AnchorNumber)} are gone, and no anchor says that they were pruned.");
        else if (keys.Refusal(anchor) is { } refusal)
            findings.Fault($"The anchor at number {Number(anchor.Number)}, up to which lines were pruned, {refusal}.");
    }

    // The heads of the registry and of the store, with where each is from. What the store should have and has not is a fault.
    private List<Head> Heads(StoredChain chain, IReadOnlyList<StoredHead> present, IReadOnlyList<StoredHead> recorded, Dictionary<string, AuditMark?> stored, Findings findings)
    {
        var heads = new List<Head>();
        foreach (var head in present)
            Add(head.Mark, $"The head of {Day(head.Day)} in the registry", isCopy: false);
        foreach (var (file, mark) in stored.OrderBy(f => f.Key, StringComparer.Ordinal))
            Add(mark is not null && AuditCopies.NameOf(mark) == file ? mark : null, $"The head {file} in the object store", isCopy: true);
        foreach (var head in recorded)
        {
            if (head.CopiedNumber is { } copied && !stored.Values.Any(m => m is not null && m.Chain == head.Mark?.Chain && m.Day == head.Day && m.Number >= copied))
                findings.Fault($"The object store had the head of {Day(head.Day)} at number {Number(copied)}, and has it no more.");
        }

        if (chain.Number > 0 && heads.Count == 0)
            findings.Fault($"No head is signed. Set {AuditOptions.Section}:SigningKey of the workers, and of this command.");
        return heads;

        void Add(AuditMark? mark, string name, bool isCopy)
        {
            if (mark is not { Kind: AuditMark.Head })
                findings.Fault($"{name} cannot be read as a head.");
            else if (keys.Refusal(mark) is { } refusal)
                findings.Fault($"{name} {refusal}.");
            else
                heads.Add(new(mark, name, isCopy));
        }
    }

    private static async Task<(long Lines, AuditEntry? Last)> WalkAsync(AuditSnapshot snapshot, StoredChain chain, List<Head> heads, Findings findings, CancellationToken cancellationToken)
    {
        var wanted = heads.ToLookup(h => h.Mark.Number);
        var (number, hash, lines) = (chain.AnchorNumber, chain.AnchorHash, 0L);
        AuditEntry? last = null;
        await foreach (var entry in snapshot.EntriesAsync(cancellationToken))
        {
            if (entry.Number <= chain.AnchorNumber)
            {
                findings.Fault($"Number {Number(entry.Number)} is before the anchor at {Number(chain.AnchorNumber)}, and should have been pruned.");
                continue;
            }

            if (entry.Number != number + 1)
                findings.Fault($"The numbers {Number(number + 1)} to {Number(entry.Number - 1)} are missing.");
            else if (entry.Entry is null)
                findings.Fault($"Number {Number(entry.Number)}: line {Number(entry.EntryId)} of the audit log is missing.");
            else if (!AuditChain.Next(hash, entry.Number, entry.Entry).AsSpan().SequenceEqual(entry.Hash))
                findings.Fault($"Number {Number(entry.Number)}: line {Number(entry.EntryId)} of the audit log, or its hash, was changed.");
            // Goes on with the stored hash, so that each fault is named once and where it is.
            (number, hash) = (entry.Number, entry.Hash);
            lines++;
            last = entry.Entry ?? last;
            foreach (var head in wanted[number])
                head.IsSame = head.Mark.Hash == Hex(hash);
        }

        if (number != chain.Number || !hash.AsSpan().SequenceEqual(chain.Hash))
            findings.Fault($"The chain ends at number {Number(number)}, and the registry says {Number(chain.Number)} or has another hash there.");
        return (lines, last);
    }

    private void JudgeHeads(StoredChain chain, List<Head> heads, Findings findings)
    {
        foreach (var head in heads.Where(h => h.Mark.Chain == chain.Chain && h.IsSame == false))
            findings.Fault($"{head.Name} says that number {Number(head.Mark.Number)} has another hash: lines up to there were changed, and the chain was recomputed.");
        if (heads.Where(h => h.Mark.Chain == chain.Chain && h.IsSame is null && h.Mark.Number > chain.AnchorNumber).MaxBy(h => h.Mark.Number) is { } cut)
            findings.Fault($"{cut.Name} proves the lines up to number {Number(cut.Mark.Number)}, and the audit log has none of that number: its end was cut off.");
        // A restored registry has the lines of its backup, and gives the numbers after them again.
        foreach (var former in heads.Where(h => h.Mark.Chain != chain.Chain && h.IsSame != true && h.Mark.Number > chain.AnchorNumber).GroupBy(h => h.Mark.Chain))
        {
            var lost = former.MaxBy(h => h.Mark.Number)!;
            if (options.Value.AcceptedChains.Contains(former.Key.ToString(), StringComparer.OrdinalIgnoreCase))
                findings.Note($"Lines of the former chain {former.Key}, which ended at number {Number(lost.Mark.Number)} or later, are not in the registry. That is accepted.");
            else
            {
                findings.Fault(
                    $"{lost.Name} proves lines of the former chain {former.Key} up to number {Number(lost.Mark.Number)}, which are not in the registry. If a restore of the registry lost them, accept that with {AuditOptions.Section}:AcceptedChains:0={former.Key}.");
            }
        }
    }

    private static async Task JudgeRestAsync(AuditSnapshot snapshot, Findings findings, CancellationToken cancellationToken)
    {
        var (removed, strays) = await snapshot.StraysAsync(MostFaults, cancellationToken);
        foreach (var id in removed)
            findings.Fault($"Line {Number(id)} of the audit log was removed before it was sealed.");
        foreach (var id in strays)
            findings.Fault($"Line {Number(id)} of the audit log is neither sealed nor waits to be.");
        if (await snapshot.WaitingAsync(cancellationToken) is (> 0 and var lines, var since))
            findings.Note($"Lines that wait to be sealed: {Number(lines)}, the oldest since {Time(since!.Value)}.");
    }

    private void Summarize(StoredChain chain, List<Head> heads, AuditEntry? last, Findings findings)
    {
        if (chain.AnchorNumber > 0)
            findings.Note($"Pruned up to number {Number(chain.AnchorNumber)}.");
        if (!keys.CanVerify)
            findings.Note($"No key is configured, so no signature was verified: set {AuditOptions.Section}:SigningKey or PublicKeys.");
        findings.Note(chain.Number == 0
            ? "Nothing is sealed yet."
            : $"Sealed up to number {Number(chain.Number)}{(last is null ? "" : $", line {Number(last.Id)} of {Time(last.At)}")}, in chain {chain.Chain}.");
        if (heads.Where(h => h.IsCopy && h.IsSame == true).MaxBy(h => h.Mark.Number) is { } proved)
            findings.Note($"The object store proves it up to number {Number(proved.Mark.Number)}, signed {Time(proved.Mark.SignedAt)} with the key {proved.Mark.KeyId}.");
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private sealed class Head(AuditMark mark, string name, bool isCopy)
    {
        public AuditMark Mark { get; } = mark;

        public string Name { get; } = name;

        public bool IsCopy { get; } = isCopy;

        /// <summary>Whether the chain has its hash at its number; null when it has no such number.</summary>
        public bool? IsSame { get; set; }
    }

    private sealed class Findings
    {
        private readonly List<string> faults = [];
        private readonly List<string> notes = [];

        public void Fault(string words)
        {
            if (faults.Count < MostFaults)
                faults.Add(words);
            else if (faults.Count == MostFaults)
                faults.Add("There are more.");
        }

        public void Note(string words) => notes.Add(words);

        public AuditReport Report(long lines) => new(faults, notes, lines);
    }
}
