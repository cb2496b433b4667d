using System.Runtime.CompilerServices;
using System.Text;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Batches;
using Saga.Registry.Operations;

namespace Saga.Tests.Simulation;

/// <summary>Everything that a schedule consists of. All of it is a function of the random numbers.</summary>
internal sealed class World
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private readonly HashSet<Trouble> troubles = [];
    private readonly List<string>? trace;
    private readonly Stack<Turn> turns = new();
    private SortedDictionary<string, string>? told;
    private int ids;

    /// <param name="chance">Its random numbers.</param>
    /// <param name="mutant">A planted bug.</param>
    /// <param name="trace">Takes a line for each step; null for none.</param>
    /// <param name="store">Makes the storage, for this clock and with these ids.</param>
    public World(Random chance, Mutant mutant, List<string>? trace, Func<SimulatedTime, Func<Guid>, SimulatedStorage> store)
    {
        Chance = chance;
        Mutant = mutant;
        this.trace = trace;
        Storage = store(Time, NewId);
        foreach (var trouble in Enum.GetValues<Trouble>())
        {
            if (chance.Next(2) == 0)
                troubles.Add(trouble);
        }

        Rarity = chance.Next(3, 30);
        Slots = chance.Next(1, 4);
        Bus = new(this);
        Outside = new(this);
        Promises = new(this);
        Orchestrators = [new(this, "orchestrator-1"), new(this, "orchestrator-2")];
        Workers = [new(this, "worker-1"), new(this, "worker-2")];
        People = new(this);
        Operators = new(this);
    }

    public Random Chance { get; }

    public Mutant Mutant { get; }

    /// <summary>The workflow of all commands; null for one that the random numbers make for each.</summary>
    public WorkflowDefinition? Workflow { get; init; }

    public SimulatedTime Time { get; } = new();

    public SimulatedStorage Storage { get; }

    public Bus Bus { get; }

    public Outside Outside { get; }

    public Promises Promises { get; }

    public Orchestrator[] Orchestrators { get; }

    public Worker[] Workers { get; }

    public People People { get; }

    public BatchPeople Operators { get; }

    public List<SimulatedBatch> Batches { get; } = [];

    public Dictionary<Guid, SimulatedOperation> Operations { get; } = [];

    /// <summary>The number of slots of the installation.</summary>
    public int Slots { get; }

    /// <summary>One in so many chances for trouble has some.</summary>
    public int Rarity { get; }

    /// <summary>Whether things go wrong. Otherwise everything works, so that the schedule comes to rest.</summary>
    public bool IsTroubled { get; set; } = true;

    /// <summary>The registry's time at the last beat.</summary>
    public DateTimeOffset? LastBeat { get; set; }

    /// <summary>The first promise that was broken in code that runs in a process.</summary>
    public Exception? Broken { get; set; }

    public bool HasTrouble(Trouble trouble) => IsTroubled && troubles.Contains(trouble);

    /// <summary>Whether this goes wrong now.</summary>
    public bool Happens(Trouble trouble) => HasTrouble(trouble) && Chance.Next(Rarity) == 0;

    public bool OneIn(int times) => Chance.Next(times) == 0;

    // In the order of their creation, like version 7.
    public Guid NewId() => LastId = new(++ids, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    public Guid LastId { get; private set; }

    public bool IsLocked(Guid operation) => Storage.Locked.Contains(operation);

    /// <summary>Runs code of a process until its first pause.</summary>
    public void Begin(Func<Task> code) => Run(() =>
    {
        // It goes on when the scheduler says so.
        _ = GuardAsync(code);
    });

    /// <summary>Runs code of a process, so that nothing else runs, until it pauses or ends.</summary>
    public void Run(Action code)
    {
        Storage.Synchronize();
        var turn = new Turn();
        turns.Push(turn);
        code();
        Storage.RunUntil(() => turn.IsOver);
        turns.Pop();
    }

    /// <summary>The code that runs pauses or ends.</summary>
    public void Stopped() => turns.Peek().IsOver = true;

    /// <summary>Writes into the trace which stored rows have changed since the last time.</summary>
    public void SayWhatIsStored()
    {
        var (before, now) = (told ?? [], Storage.Read().Describe(NameOf));
        foreach (var (key, row) in now)
        {
            if (before.GetValueOrDefault(key) != row)
                Say($"  stored: {key}: {row}");
        }

        foreach (var gone in before.Keys.Where(k => !now.ContainsKey(k)))
            Say($"  stored: {gone}: nothing");
        told = now;
    }

    /// <summary>Ends all processes.</summary>
    public void End()
    {
        foreach (var process in (SimulatedProcess[])[.. Orchestrators.Select(o => o.Process), .. Workers.Select(w => w.Process), People.Process])
            process.CloseAll();
    }

    public void Say([InterpolatedStringHandlerArgument("")] Telling words) =>
        trace?.Add($"{(Time.Now - SimulatedTime.Start).TotalSeconds,9:0.000}  {words.Text}");

    public string NameOfBatch(Guid batch) => Batches.Find(b => b.Id == batch)?.Name ?? batch.ToString();

    public StoredWorkflow Stored(WorkflowDefinition workflow) => Storage is StorageInMemory ? new("", "", workflow) : StoredWorkflow.Of(workflow);

    public string NameOf(Guid operation) => Operations.TryGetValue(operation, out var known) ? known.Name : operation.ToString();

    public bool IsTraced => trace is not null;

    public static bool IsAtRest(OperationState state) => state is OperationState.Stalled or OperationState.Completed or OperationState.Compensated or OperationState.Cancelled;

    /// <summary>Whether it stands for a batch that waits for a person.</summary>
    public bool StandsForWaitingBatch(SimulatedOperation operation) => operation.Batch is not null && Storage.Batches.Any(b => b.Batch.OperationId == operation.Id && Waits(b));

    /// <summary>Whether no batch has anything to do.</summary>
    public bool BatchesRest() => Batches.Count == 0 || Storage.Batches.All(b => b.Batch.OperationId is null || b.Closed || Waits(b));

    // An order that was lost with an in-memory bus is nothing that comes to an end.
    private bool Waits(StoredBatchRow row)
    {
        var batch = Batches.First(b => b.Id == row.Batch.Id);
        var open = row.Items.Where(i => i.Item.State == BatchItemState.Running).ToList();
        return open.TrueForAll(i => batch[i.Item.Number].IsLost) && (open.Count > 0 || row.Batch.State == BatchState.Paused);
    }

    /// <summary>Whether it waits, for as long as it takes, for scopes of an operation that waits for people.</summary>
    public bool IsBlocked(SimulatedOperation operation)
    {
        var queue = Storage.ScopeQueue;
        return queue.FirstOrDefault(w => w.Operation == operation.Id) is { Refusing: false, ExpiresAt: null } wait
            && (wait.Scopes.Any(Storage.Scopes.ContainsKey)
                || queue.TakeWhile(w => w != wait).Any(w => w.Scopes.Intersect(wait.Scopes, StringComparer.Ordinal).Any()));
    }

    private async Task GuardAsync(Func<Task> code)
    {
        try
        {
            await code();
        }
        catch (Exception error)
        {
            Broken ??= error;
        }

        Stopped();
    }

    private sealed class Turn
    {
        public bool IsOver { get; set; }
    }

    /// <summary>Words that are only put together when somebody reads them.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Telling
    {
        private readonly StringBuilder? text;

        public Telling(int literalLength, int formattedCount, World world, out bool isTraced)
        {
            _ = literalLength + formattedCount;
            isTraced = world.IsTraced;
            text = isTraced ? new() : null;
        }

        public string Text => text?.ToString() ?? "";

        public void AppendLiteral(string value) => text!.Append(value);

        public void AppendFormatted<T>(T value) => text!.Append(value);
    }
}
