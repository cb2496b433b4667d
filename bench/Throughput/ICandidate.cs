namespace Saga.Bench.Throughput;

/// <summary>Something that runs sagas of six trivial steps, one after the other.</summary>
internal interface ICandidate : IAsyncDisposable
{
    string Name { get; }

    /// <summary>What must be there before sagas start; not measured.</summary>
    Task<IReadOnlyList<Guid>> PrepareAsync(int count);

    /// <summary>Starts the saga and waits until its last report is consumed, and so committed where there is a commit.</summary>
    Task RunAsync(Guid saga);

    /// <summary>Fails when a saga did not really end.</summary>
    Task CheckAsync(IReadOnlyList<Guid> sagas);
}

internal static class Six
{
    public static readonly string[] Steps = ["one", "two", "three", "four", "five", "six"];
}
