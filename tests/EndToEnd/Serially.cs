using Saga.Tests.Support;
using Xunit;
using Xunit.v3;

// The two crash classes, each with its own control plane, run in parallel. Everything else runs alone.
[assembly: Parallelization(MaxThreads = 2)]
[assembly: AssemblyFixture(typeof(StopsServers))]

namespace Saga.Tests.EndToEnd;

/// <summary>The tests share servers, and some stop them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
