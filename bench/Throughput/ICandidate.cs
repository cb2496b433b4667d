namespace Saga.Bench.Throughput;

/// <summary>A system that runs sagas of six trivial sequential steps.</summary>
internal interface ICandidate : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Prepares everything that must exist before sagas start. Not measured.</summary>
    Task<IReadOnlyList<Guid>> PrepareAsync(int count);

    /// <summary>Starts the saga and waits until its last report is consumed, and so committed where there is a commit.</summary>
    Task RunAsync(Guid saga);

    /// <summary>Fails if a saga has not really ended.</summary>
    Task CheckAsync(IReadOnlyList<Guid> sagas);
}

internal static class Six
{
    public static readonly string[] Steps = ["one", "two", "three", "four", "five", "six"];
}
